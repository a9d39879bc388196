// The story as a whole: the same bytes each time, valid events, the right amount of everything.
#include "demo/story.h"

#include <map>
#include <set>
#include <variant>

#include <gtest/gtest.h>

#include "cdevents/check.h"
#include "demo/told_story.h"

namespace cdviz::demo {
namespace {

constexpr const char* kEndText = "2026-01-31T12:00:00Z";
const WallTime kEnd = *parse_moment(kEndText);

std::string bytes_of(const Options& options) {
  std::string all;
  for (const auto& delivery : tell(options)) all += delivery.json + '\n';
  return all;
}

TEST(Story, OfTheSameOptionsHasTheSameBytes) {
  EXPECT_EQ(bytes_of({.until = kEnd}), bytes_of({.until = kEnd}));
}

TEST(Story, OfAnotherSeedEndOrLengthIsAnother) {
  const std::string one = bytes_of({.until = kEnd});
  EXPECT_NE(one, bytes_of({.until = kEnd, .seed = 2}));
  EXPECT_NE(one, bytes_of({.until = kEnd + std::chrono::hours(1)}));
  EXPECT_NE(one, bytes_of({.until = kEnd, .days = 90}));
}

TEST(Story, HoldsOnlyEventsThatStrictRulesAcceptAndThreeThatNoRulesDo) {
  int refused = 0;
  for (auto& delivery : tell({.until = kEnd})) {
    const bool meant = delivery.refused;
    refused += meant ? 1 : 0;
    const auto strict =
        cdevents::check(std::string(delivery.json), {.policy = cdevents::Policy::strict}, {}, kEnd);
    EXPECT_EQ(std::holds_alternative<cdevents::Unusable>(strict), meant) << delivery.json;
    const auto lenient =
        cdevents::check(std::string(delivery.json), {.policy = cdevents::Policy::off}, {}, kEnd);
    EXPECT_EQ(std::holds_alternative<cdevents::Unusable>(lenient), meant) << delivery.json;
  }
  EXPECT_EQ(refused, 3);
}

TEST(Story, HasAboutTwentyThousandEventsWhateverTheWeekday) {
  for (int day = 0; day < 7; ++day) {
    const auto count = tell({.until = kEnd + std::chrono::days(day)}).size();
    EXPECT_GT(count, 18'500U) << day;
    EXPECT_LT(count, 21'500U) << day;
  }
}

TEST(Story, MarksEveryEventAsDemo) {
  const ToldStory& story = ToldStory::ending(kEndText);
  for (const auto& event : story.events()) {
    EXPECT_TRUE(event.source.starts_with("/demo/")) << event.json;
    EXPECT_TRUE(event.says(R"("demo":true})")) << event.json;
  }
  for (const auto& json : story.refused()) {
    EXPECT_NE(json.find(R"("source":"/demo/)"), std::string::npos);
  }
}

TEST(Story, SaysFirstWhichStoryItIs) {
  const ToldStory& story = ToldStory::ending(kEndText);
  EXPECT_EQ(story.events().front().kind, kStoryKind);
  EXPECT_EQ(story.events().front().subject, "60 days, seed 1");
  EXPECT_EQ(story.events().front().at, kEnd);
  EXPECT_EQ(story.of(kStoryKind).size(), 1U);
}

TEST(Story, IsFoundAgainByItsName) {
  const auto options = story_named(story_name({.seed = 17, .days = 90}));
  ASSERT_TRUE(options);
  EXPECT_EQ(options->seed, 17U);
  EXPECT_EQ(options->days, 90);
  for (const char* name : {"", "60 days", "60 days, seed ", "60 days, seed x", "5 days, seed 1"}) {
    EXPECT_FALSE(story_named(name)) << name;
  }
}

TEST(Story, LiesInItsDays) {
  const ToldStory& story = ToldStory::ending(kEndText);
  for (const auto& event : story.events()) {
    EXPECT_LE(event.at, kEnd) << event.json;
    EXPECT_GE(event.ago.count(), 0) << event.json;
    EXPECT_LE(event.ago, 62_d) << event.json;  // a change may be older than its merge
  }
}

TEST(Story, HasEveryKindThatTheViewsShow) {
  const ToldStory& story = ToldStory::ending(kEndText);
  std::map<std::string, int> counts;
  for (const auto& event : story.events()) ++counts[event.kind];
  const std::map<std::string, int> at_least = {
      {"change.created", 300},        {"change.merged", 300},
      {"change.abandoned", 1},        {"pipelinerun.queued", 1500},
      {"pipelinerun.finished", 1500}, {"taskrun.started", 1200},
      {"taskrun.finished", 1200},     {"build.finished", 300},
      {"artifact.packaged", 300},     {"artifact.signed", 300},
      {"artifact.published", 300},    {"testsuiterun.finished", 700},
      {"testcaserun.finished", 2500}, {"service.deployed", 40},
      {"service.upgraded", 900},      {"service.rolledback", 1},
      {"service.removed", 1},         {"incident.detected", 7},
      {"incident.reported", 7},       {"incident.resolved", 6},
      {"ticket.created", 7},          {"ticket.closed", 6},
      {"environment.created", 5},     {"repository.created", 8}};
  for (const auto& [kind, count] : at_least) EXPECT_GE(counts[kind], count) << kind;
}

TEST(Story, SpeaksTwoVersionsOfTheSpecification) {
  const ToldStory& story = ToldStory::ending(kEndText);
  std::size_t old = 0;
  for (const auto& event : story.events()) {
    const bool is_old = event.says(R"("version":"0.4.1")");
    old += is_old ? 1U : 0U;
    EXPECT_NE(is_old, event.says(R"("specversion":"0.5.1")")) << event.json;
    if (event.kind == "testcaserun.finished") {
      EXPECT_EQ(is_old, event.says(R"("outcome":"pass")") || event.says(R"("outcome":"fail")"));
    }
    if (event.kind == "pipelinerun.started") {
      EXPECT_EQ(is_old, event.says(R"("url":)"));
    }
  }
  EXPECT_GT(old, story.events().size() / 4);
  EXPECT_LT(old, story.events().size() * 3 / 4);
}

TEST(Story, HasOneIdForEachEventAndOneEventTwice) {
  const ToldStory& story = ToldStory::ending(kEndText);
  std::map<std::string, std::vector<std::string>> by_id;
  for (const auto& event : story.events()) by_id[event.member("id")].push_back(event.json);
  int twice = 0;
  for (const auto& [id, events] : by_id) {
    if (events.size() == 1) continue;
    EXPECT_EQ(events.size(), 2U) << id;
    EXPECT_EQ(events.front(), events.back());
    ++twice;
  }
  EXPECT_EQ(twice, 1);
}

TEST(Story, LinksToEventsThatWereToldBefore) {
  const ToldStory& story = ToldStory::ending(kEndText);
  std::set<std::string> ids;
  for (const auto& event : story.events()) ids.insert(event.member("id"));
  std::size_t links = 0;
  for (const auto& event : story.events()) {
    if (const auto id = event.member("contextId"); !id.empty()) {
      EXPECT_TRUE(ids.contains(id)) << event.json;
      ++links;
    }
  }
  EXPECT_GT(links, 1000U);
}

TEST(Story, NeverPutsAnOlderVersionOverANewerOneUnlessTheScriptSaysSo) {
  for (const auto& service : kServices) {
    const auto releases = releases_of(service, {.until = kEnd});
    for (std::size_t place = 0; place < kPlaces; ++place) {
      std::optional<WallTime> last;
      for (const auto& release : releases) {
        const auto& reached = release.reached[place];
        if (!reached) continue;
        if (last) {
          EXPECT_GT(*reached, *last) << service.name << " " << release.version;
        }
        last = reached;
      }
    }
  }
}

TEST(Story, NumbersVersionsUpwards) {
  for (const auto& service : kServices) {
    std::set<std::string> versions;
    for (const auto& release : releases_of(service, {.until = kEnd})) {
      EXPECT_FALSE(release.version.empty());
      EXPECT_TRUE(versions.insert(release.version).second)
          << service.name << " has " << release.version << " twice";
    }
  }
}

}  // namespace
}  // namespace cdviz::demo
