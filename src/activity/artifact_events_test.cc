#include "activity/artifact_events.h"

#include <set>
#include <variant>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdevents/check.h"
#include "cdevents/purl.h"

namespace cdviz::activity {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr WallTime kMade{1'780'000'000'123ms};
constexpr WallTime kSeen{1'790'000'000'000ms};
constexpr std::string_view kPlace = "file:///srv/builds";

ArtifactEvents events(
    std::string_view pattern = "{name}/{version}/*",
    std::string_view purl = "pkg:generic/{name}@{version}?checksum=sha256:{sha256}") {
  Settings settings{.section = "file", .purl = {}, .metadata = R"({"team":"a"})"};
  if (!pattern.empty()) settings.pattern = PathPattern::parse(pattern).value();
  settings.purl =
      PurlTemplate::parse(purl, places(std::vector<std::string>{"bucket"}, settings.pattern))
          .value();
  return ArtifactEvents(std::move(settings));
}

Thing shop() {
  return {.path = "shop/1.0/shop.tgz", .size = 5, .sha256 = std::string(64, 'a'), .time = kMade};
}

/// What strict validation makes of the message: nothing may be wrong, mended or noticed.
cdevents::Checked strictly(const Message& message) {
  EXPECT_TRUE(message.problems.empty());
  EXPECT_TRUE(json::parse(message.metadata).is_object());
  auto result =
      cdevents::check(std::string(message.body), {.policy = cdevents::Policy::strict}, {}, kSeen);
  if (auto* checked = std::get_if<cdevents::Checked>(&result)) {
    EXPECT_TRUE(checked->normalised.empty());
    EXPECT_TRUE(checked->violations.empty());
    EXPECT_TRUE(cdevents::parse_purl(checked->event.subject_id)) << checked->event.subject_id;
    return std::move(*checked);
  }
  ADD_FAILURE() << std::get<cdevents::Unusable>(result).problems.front().message << "\n"
                << message.body;
  return {};
}

EventData only_event(const ArtifactEvents& events, const Happening& happening) {
  const auto messages = events.messages(happening);
  EXPECT_EQ(messages.size(), 1U);
  return messages.empty() ? EventData{} : strictly(messages.front()).event;
}

json::object custom_of(const EventData& event) {
  return json::parse(event.json).at("customData").at("file").as_object();
}

TEST(ArtifactEvents, ACreatedThingIsPublished) {
  const Thing thing = shop();
  const auto event = only_event(events(), {.place = kPlace, .thing = thing, .seen = kSeen});
  EXPECT_EQ(event.type, "dev.cdevents.artifact.published.0.3.0");
  EXPECT_EQ(event.source, kPlace);
  EXPECT_EQ(event.subject_id, "pkg:generic/shop@1.0?checksum=sha256:" + std::string(64, 'a'));
  EXPECT_EQ(event.timestamp, "2026-05-28T20:26:40.123Z");  // of the thing, not when it was seen
  const auto custom = custom_of(event);
  EXPECT_EQ(custom.at("path"), "shop/1.0/shop.tgz");
  EXPECT_EQ(custom.at("change"), "created");
  EXPECT_EQ(custom.at("size"), 5);
}

TEST(ArtifactEvents, ADeletedThingIsDeletedWhenThatWasSeen) {
  const Thing thing = shop();
  const auto event = only_event(
      events(), {.change = Change::deleted, .place = kPlace, .thing = thing, .seen = kSeen});
  EXPECT_EQ(event.type, "dev.cdevents.artifact.deleted.0.2.0");
  EXPECT_EQ(event.timestamp, "2026-09-21T14:13:20.000Z");
}

TEST(ArtifactEvents, TheSameFactsHaveTheSameIdWheneverTheyAreSeen) {
  const Thing thing = shop();
  for (const Change change : {Change::created, Change::deleted}) {
    const auto once =
        only_event(events(), {.change = change, .place = kPlace, .thing = thing, .seen = kSeen});
    const auto later = only_event(
        events(), {.change = change, .place = kPlace, .thing = thing, .seen = kSeen + 1h});
    EXPECT_EQ(once.id, later.id);
    EXPECT_TRUE(once.id.starts_with("bafkrei"));
  }
}

TEST(ArtifactEvents, EveryFactOfTheThingMakesAnotherId) {
  std::vector<Thing> things(10, shop());
  things[1].path = "shop/1.0/shop.zip";
  things[2].size = 6;
  things[3].sha256 = std::string(64, 'b');
  things[4].time = kMade + 1ms;
  things[5].etag = "e";
  things[6].revision = "r";
  things[7].tag = "t";
  things[8].digest = "sha256:d";
  things[9].occurrence = 1;
  std::set<std::string> ids;
  for (const Thing& thing : things) {
    ids.insert(only_event(events(), {.place = kPlace, .thing = thing, .seen = kSeen}).id);
  }
  ids.insert(
      only_event(events(), {.place = "file:///other", .thing = things[0], .seen = kSeen}).id);
  EXPECT_EQ(ids.size(), things.size() + 1);
}

TEST(ArtifactEvents, AMovedThingIsPublishedAndTheFormerOneDeleted) {
  const Thing former = shop();
  Thing thing = shop();
  thing.path = "shop/1.1/shop.tgz";
  const auto messages = events().messages(
      {.change = Change::moved, .place = kPlace, .thing = thing, .former = &former, .seen = kSeen});
  ASSERT_EQ(messages.size(), 2U);
  const auto published = strictly(messages[0]).event;
  const auto deleted = strictly(messages[1]).event;
  EXPECT_THAT(published.subject_id, testing::StartsWith("pkg:generic/shop@1.1"));
  EXPECT_EQ(custom_of(published).at("former_path"), "shop/1.0/shop.tgz");
  EXPECT_THAT(deleted.type, testing::HasSubstr("artifact.deleted"));
  EXPECT_THAT(deleted.subject_id, testing::StartsWith("pkg:generic/shop@1.0"));
  EXPECT_EQ(custom_of(deleted).at("new_path"), "shop/1.1/shop.tgz");
}

TEST(ArtifactEvents, AMoveThatChangesNeitherNameNorVersionDeletesNothing) {
  const Thing former = shop();
  Thing thing = shop();
  thing.path = "shop/1.0/renamed.tgz";
  const Happening moved{
      .change = Change::moved, .place = kPlace, .thing = thing, .former = &former, .seen = kSeen};
  EXPECT_THAT(only_event(events(), moved).type, testing::HasSubstr("artifact.published"));
}

TEST(ArtifactEvents, MovesAcrossThePatternComeAndGo) {
  const Thing inside = shop();
  Thing outside = shop();
  outside.path = "attic";
  const auto came = events().messages({.change = Change::moved,
                                       .place = kPlace,
                                       .thing = inside,
                                       .former = &outside,
                                       .seen = kSeen});
  ASSERT_EQ(came.size(), 1U);
  EXPECT_THAT(strictly(came[0]).event.type, testing::HasSubstr("artifact.published"));
  const auto went = events().messages({.change = Change::moved,
                                       .place = kPlace,
                                       .thing = outside,
                                       .former = &inside,
                                       .seen = kSeen});
  ASSERT_EQ(went.size(), 1U);
  EXPECT_THAT(strictly(went[0]).event.type, testing::HasSubstr("artifact.deleted"));
}

TEST(ArtifactEvents, AModifiedThingSaysWhatItWas) {
  const Thing former = shop();
  Thing thing = shop();
  thing.sha256 = std::string(64, 'b');
  const auto event = only_event(events(), {.change = Change::modified,
                                           .place = kPlace,
                                           .thing = thing,
                                           .former = &former,
                                           .seen = kSeen});
  EXPECT_THAT(event.type, testing::HasSubstr("artifact.published"));
  EXPECT_EQ(custom_of(event).at("former_sha256").as_string(), former.sha256);
}

TEST(ArtifactEvents, WhatThePatternLeavesOutIsNotTold) {
  const Thing thing{.path = "README"};
  EXPECT_TRUE(events().messages({.place = kPlace, .thing = thing, .seen = kSeen}).empty());
  EXPECT_FALSE(events().covers(thing));
}

TEST(ArtifactEvents, TimesThatAreNoneAreReplacedByWhenItWasSeen) {
  for (const WallTime time : {WallTime{}, WallTime{-1ms}, kSeen + 1ms, WallTime::max()}) {
    Thing thing = shop();
    thing.time = time;
    const Happening happening{.place = kPlace, .thing = thing, .seen = kSeen};
    EXPECT_EQ(only_event(events(), happening).timestamp, "2026-09-21T14:13:20.000Z");
  }
  const Thing thing = shop();
  EXPECT_EQ(only_event(events(), {.change = Change::deleted,
                                  .place = kPlace,
                                  .thing = thing,
                                  .seen = kSeen,
                                  .at = kSeen - 1s})
                .timestamp,
            "2026-09-21T14:13:19.000Z");
}

TEST(ArtifactEvents, HostileNamesMakeValidEvents) {
  const std::vector<std::string> names = {"a b",
                                          "a%b",
                                          "a@b",
                                          "a?b#c",
                                          "\xff\xfe",
                                          "\xC3",
                                          "new\nline",
                                          "\x7f",
                                          "..",
                                          ".",
                                          "\"quoted\"\\",
                                          "pkg:oci:x@1",
                                          "{name}",
                                          "&=&",
                                          "\xF0\x9F\x8E\x81",
                                          "-",
                                          std::string("a\0b", 3),
                                          "%00",
                                          "\xED\xA0\x80",
                                          "<x>&'",
                                          "\xEF\xBF\xBF",
                                          "\t",
                                          std::string(300, 'x')};
  std::set<std::string> ids;
  for (const auto& name : names) {
    Thing thing = shop();
    thing.path = name + "/1/" + name;
    thing.facts = {{"bucket", name}};
    const auto event =
        only_event(events("{name}/{version}/*", "pkg:generic/{name}@{version}?bucket={bucket}"),
                   {.place = kPlace, .thing = thing, .seen = kSeen});
    ids.insert(event.id);
  }
  EXPECT_EQ(ids.size(), names.size());
}

TEST(ArtifactEvents, APathThatIsNoTextStandsBesideItself) {
  Thing thing = shop();
  thing.path = "shop/1.0/\xff.tgz";
  const auto custom =
      custom_of(only_event(events(), {.place = kPlace, .thing = thing, .seen = kSeen}));
  EXPECT_EQ(custom.at("path"), "shop/1.0/\xEF\xBF\xBD.tgz");
  EXPECT_EQ(custom.at("path_base64"), "c2hvcC8xLjAv/y50Z3o=");
}

TEST(ArtifactEvents, WithoutAPatternTheNameIsThePath) {
  const Thing thing = shop();
  const auto event = only_event(events(""), {.place = kPlace, .thing = thing, .seen = kSeen});
  EXPECT_THAT(event.subject_id, testing::StartsWith("pkg:generic/shop/1.0/shop.tgz?checksum="));
}

TEST(ArtifactEvents, WhatHasNoNameBecomesADeadLetter) {
  const Thing thing{.path = "/"};
  const auto messages = events("").messages({.place = kPlace, .thing = thing, .seen = kSeen});
  ASSERT_EQ(messages.size(), 1U);
  ASSERT_EQ(messages[0].problems.size(), 1U);
  EXPECT_EQ(messages[0].problems[0].rule, "purl");
}

TEST(ArtifactEvents, MoreThatIsKnownStandsInCustomData) {
  Thing thing = shop();
  thing.details = R"({"scan":{"critical":2}})";
  thing.facts = {{"bucket", "b"}};
  const Happening happening{.place = kPlace, .thing = thing, .seen = kSeen, .user = "alice"};
  const auto messages = events().messages(happening);
  const auto event = strictly(messages.at(0)).event;
  EXPECT_EQ(custom_of(event).at("scan").at("critical"), 2);
  EXPECT_EQ(custom_of(event).at("bucket"), "b");
  EXPECT_EQ(json::parse(event.json).at("subject").at("content").at("user"), "alice");
  EXPECT_EQ(json::parse(messages.at(0).metadata),
            json::parse(R"({"team":"a","place":"file:///srv/builds","path":"shop/1.0/shop.tgz",
                            "change":"created"})"));
}

}  // namespace
}  // namespace cdviz::activity
