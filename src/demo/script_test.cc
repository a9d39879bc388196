// Every line of the story, whatever the weekday it ends on.
#include "demo/script.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "demo/random.h"
#include "demo/told_story.h"

namespace cdviz::demo {
namespace {

using namespace std::chrono_literals;

/// Ends on a Saturday, on a Monday at midnight, on a leap day late in the evening.
class Script : public testing::TestWithParam<const char*> {
 protected:
  const ToldStory& story = ToldStory::ending(GetParam());

  /// Median of merge to production, in hours, of versions that were merged in between.
  double lead_time(Ago from, Ago to) {
    std::vector<double> hours;
    for (const auto& service : kServices) {
      for (const auto& release : releases_of(service, {.until = story.before(Ago{0})})) {
        if (release.change == 0 || release.merged < story.before(from) ||
            release.merged >= story.before(to)) {
          continue;
        }
        for (const Place place : {Place::prod_eu, Place::prod_us}) {
          if (const auto& reached = release.reached[index(place)]) {
            hours.push_back(
                std::chrono::duration<double, std::ratio<3600>>(*reached - release.merged).count());
          }
        }
      }
    }
    std::sort(hours.begin(), hours.end());
    EXPECT_GT(hours.size(), 20U);
    return hours.empty() ? 0 : hours[hours.size() / 2];
  }
};

INSTANTIATE_TEST_SUITE_P(Ends, Script,
                         testing::Values("2026-01-31T12:00:00Z", "2026-06-15T00:00:00Z",
                                         "2028-02-29T23:00:00Z"));

TEST_P(Script, LeadTimeFallsFromThirtyHoursToTwelve) {
  EXPECT_NEAR(lead_time(60_d, at::kTrunkBased), 30, 7);
  EXPECT_NEAR(lead_time(at::kTrunkBased, 4_d), 12, 2);
}

TEST_P(Script, FreezeNothingGoesToProductionAndDevGoesOn) {
  for (const auto& service : kServices) {
    for (const auto environment : {"prod-eu", "prod-us", "production"}) {
      EXPECT_EQ(story.history(service.name, environment, at::kFreezeBegins).size(),
                story.history(service.name, environment, at::kFreezeEnds).size())
          << service.name << " " << environment;
    }
    const std::string_view europe = service.name == "auth" ? "production" : "prod-eu";
    EXPECT_NE(story.version(service.name, "dev", 39_d), story.version(service.name, europe, 39_d));
    EXPECT_NE(story.version(service.name, "dev", 39_d),
              story.version(service.name, "prod-us", 39_d));
  }
}

TEST_P(Script, AuthRenamesItsEnvironmentOnce) {
  for (const auto& event : story.events()) {
    if (event.environment() == "production") {
      EXPECT_EQ(event.subject, "auth") << event.json;
      EXPECT_GE(event.ago, at::kAuthRenamed) << event.json;
    }
    if (event.subject == "auth" && event.environment() == "prod-eu") {
      EXPECT_LE(event.ago, at::kAuthRenamed) << event.json;
    }
  }
  EXPECT_GE(story.history("auth", "production").size(), 2U);
  EXPECT_GE(story.history("auth", "prod-eu").size(), 2U);
}

TEST_P(Script, LedgerRollsBackAndCallsItAnUpgrade) {
  const auto history = story.history("ledger", "prod-eu", 20_d + 20h);
  ASSERT_GE(history.size(), 3U);
  const auto last = std::vector<Seen>(history.end() - 3, history.end());
  const std::vector<std::string> versions = {"5.0.0", "5.1.0", "5.0.0"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(last[i].kind, "service.upgraded");
    EXPECT_EQ(ToldStory::version_of(last[i].member("artifactId")), versions[i]);
  }
  EXPECT_EQ(last[1].ago, at::kLedgerUpgraded);
}

TEST_P(Script, LoginRetryIsFlakySinceEighteenDays) {
  int runs = 0;
  int failed = 0;
  for (const auto& event : story.of("testcaserun.finished")) {
    if (!event.says(R"("id":"auth/unit/login-retry")")) continue;
    const bool works = event.says(R"("outcome":"pass")");
    if (event.ago > at::kLoginFlaky) {
      EXPECT_TRUE(works) << event.json;
    } else {
      ++runs;
      failed += works ? 0 : 1;
    }
  }
  EXPECT_GE(runs, 20);
  EXPECT_NEAR(100.0 * failed / runs, 15, 5);
}

TEST_P(Script, LoginRetryFailsAndWorksOnTheSameCode) {
  std::set<std::string> failed;
  std::set<std::string> worked;
  for (const auto& event : story.of("testcaserun.finished")) {
    if (!event.says(R"("id":"auth/unit/login-retry")")) continue;
    (event.says(R"("outcome":"pass")") ? worked : failed).insert(event.member("chainId"));
  }
  EXPECT_TRUE(std::any_of(failed.begin(), failed.end(),
                          [&](const auto& chain) { return worked.contains(chain); }));
}

TEST_P(Script, SearchReachesProdUsAtTheThirdAttempt) {
  std::vector<Seen> runs;
  for (const auto& event : story.of("pipelinerun.finished")) {
    if (event.subject.starts_with("search/deploy-prod-us/") && event.ago <= 14_d &&
        event.ago >= 14_d - 3h) {
      runs.push_back(event);
    }
  }
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_TRUE(runs[0].says(R"("outcome":"failure")"));
  EXPECT_TRUE(runs[1].says(R"("outcome":"failure")"));
  EXPECT_TRUE(runs[2].says(R"("outcome":"success")"));
  EXPECT_EQ(runs[0].member("chainId"), runs[2].member("chainId"));
  EXPECT_EQ(story.version("search", "prod-us", 14_d - 3h),
            story.version("search", "prod-eu", 14_d - 3h));
  EXPECT_NE(story.version("search", "prod-us", 14_d - 1h),
            story.version("search", "prod-eu", 14_d - 1h));
}

TEST_P(Script, PaymentsCiBecomesFortyPerCentSlower) {
  std::vector<double> before;
  std::vector<double> since;
  std::map<std::string, WallTime> started;
  for (const auto& event : story.events()) {
    if (!event.subject.starts_with("payments-ci/")) continue;
    if (event.kind == "pipelinerun.started") started[event.subject] = event.at;
    if (event.kind != "pipelinerun.finished" || event.says(R"("outcome":"failure")")) continue;
    const auto took = std::chrono::duration<double>(event.at - started.at(event.subject)).count();
    (event.ago > at::kPaymentsSlower ? before : since).push_back(took);
  }
  ASSERT_GE(since.size(), 4U);
  const auto median = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  EXPECT_NEAR(median(since) / median(before), 1.4, 0.12);
}

TEST_P(Script, ArgocdIsSilentForSevenHoursAndThenSpeaksBackwards) {
  const WallTime silent = story.before(at::kArgocdSilent);
  const WallTime speaks = story.before(at::kArgocdSpeaks);
  std::vector<WallTime> late;
  for (const auto& event : story.events()) {
    if (event.source != "/demo/argocd") continue;
    EXPECT_FALSE(event.arrived >= silent && event.arrived < speaks) << event.json;
    if (event.at >= silent && event.at < speaks) late.push_back(event.at);
  }
  EXPECT_GE(late.size(), 6U);
  EXPECT_TRUE(std::is_sorted(late.rbegin(), late.rend()));
  // and two versions of one service are among them
  EXPECT_GE(story.history("notifier", "staging", at::kArgocdSpeaks).size(),
            story.history("notifier", "staging", at::kArgocdSilent).size() + 2);
}

TEST_P(Script, NotifierLeavesTest) {
  const auto history = story.history("notifier", "test");
  EXPECT_EQ(history.back().kind, "service.removed");
  EXPECT_EQ(history.back().ago, at::kNotifierLeavesTest);
  EXPECT_EQ(story.version("notifier", "test"), "");
  EXPECT_EQ(story.of("service.removed").size(), 1U);
}

TEST_P(Script, CheckoutIsRolledBackAfterAnIncident) {
  EXPECT_EQ(story.version("checkout", "prod-eu", 26h + 1min), "1.17.0");
  EXPECT_EQ(story.version("checkout", "prod-eu", 26h), "1.18.0");
  const auto back = story.of("service.rolledback", "checkout");
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].ago, 26h - 31min);
  EXPECT_EQ(back[0].environment(), "prod-eu");
  EXPECT_EQ(ToldStory::version_of(back[0].member("artifactId")), "1.17.0");
  const auto detected = story.of("incident.detected", "INC-214");
  const auto resolved = story.of("incident.resolved", "INC-214");
  ASSERT_EQ(detected.size(), 1U);
  ASSERT_EQ(resolved.size(), 1U);
  EXPECT_EQ(detected[0].ago, 26h - 9min);
  EXPECT_EQ(ToldStory::version_of(detected[0].member("artifactId")), "1.18.0");
  EXPECT_EQ(resolved[0].ago, 26h - 63min);
}

TEST_P(Script, HotfixGoesStraightToProductionAndIsBackFilled) {
  EXPECT_EQ(story.version("checkout", "prod-eu", 21h), "1.17.1");
  EXPECT_EQ(story.version("checkout", "staging", 21h), "1.18.0");
  EXPECT_EQ(story.version("checkout", "staging", 19h), "1.17.1");
  EXPECT_EQ(story.version("checkout", "dev"), "1.18.0");
  EXPECT_EQ(story.version("checkout", "prod-us"), "1.17.0");
}

TEST_P(Script, CatalogHasTwoChangesWaiting) {
  EXPECT_EQ(story.version("catalog", "staging"), "1.19.0");
  EXPECT_EQ(story.version("catalog", "staging", 3h + 1min), "1.18.0");
  EXPECT_EQ(story.version("catalog", "prod-eu"), "1.17.0");
}

TEST_P(Script, SearchIsEverywhereButInProdUs) {
  for (const auto environment : {"dev", "test", "staging", "prod-eu"}) {
    EXPECT_EQ(story.version("search", environment), "1.25.1") << environment;
  }
  EXPECT_EQ(story.version("search", "prod-us"), "1.25.0");
  EXPECT_EQ(story.history("search", "prod-eu").back().ago, 50min);
}

TEST_P(Script, AnIncidentIsOpenOnPayments) {
  const auto detected = story.of("incident.detected", "INC-219");
  ASSERT_EQ(detected.size(), 1U);
  EXPECT_EQ(detected[0].ago, 12min);
  EXPECT_EQ(detected[0].environment(), "prod-eu");
  EXPECT_TRUE(detected[0].says(R"("service":{"id":"payments")"));
  EXPECT_TRUE(story.of("incident.resolved", "INC-219").empty());
  EXPECT_EQ(story.of("incident.detected").size(), story.of("incident.resolved").size() + 1);
}

TEST_P(Script, ADeployRunsAndANightlyIsStuck) {
  std::set<std::string> open;
  for (const auto& event : story.of("pipelinerun.started")) open.insert(event.subject);
  for (const auto& event : story.of("pipelinerun.finished")) open.erase(event.subject);
  ASSERT_EQ(open.size(), 2U);
  const auto nightly = story.of("pipelinerun.started", *open.begin());
  const auto deploy = story.of("pipelinerun.started", *open.rbegin());
  EXPECT_EQ(nightly[0].member("pipelineName"), "nightly");
  EXPECT_GE(nightly[0].ago, 2h - 3min);
  EXPECT_LE(nightly[0].ago, 2h + 3min);
  EXPECT_EQ(deploy[0].member("pipelineName"), "deploy-staging");
  EXPECT_LE(deploy[0].ago, 3min);
  std::vector<std::chrono::milliseconds> took;
  std::map<std::string, WallTime> started;
  for (const auto& event : story.of("pipelinerun.started")) started[event.subject] = event.at;
  for (const auto& event : story.of("pipelinerun.finished")) {
    if (event.subject.starts_with("nightly/")) took.push_back(event.at - started.at(event.subject));
  }
  ASSERT_GE(took.size(), 58U);
  std::sort(took.begin(), took.end());
  EXPECT_LT(3 * took[took.size() * 95 / 100], 2h) << "stuck is more than three times the p95";
}

TEST_P(Script, HasWhatACollectorMeets) {
  EXPECT_EQ(story.refused().size(), 3U);
  const auto odd = story.of("change.created", R"(web-shop/"quoted" 🎉)");
  ASSERT_EQ(odd.size(), 1U);
  EXPECT_TRUE(odd[0].says(R"("id":"it's \"quoted\" 🎉")"));
  EXPECT_TRUE(story.of(kStoryKind)[0].says("dev.cdeventsx.demo-story.told.0.1.0"));
}

TEST_P(Script, AHolidayHasNoChanges) {
  const WallTime start = start_of_day(story.before(at::kHoliday));
  for (const auto& event : story.of("change.merged")) {
    EXPECT_FALSE(event.at >= start && event.at < start + 24h) << event.json;
  }
}

}  // namespace
}  // namespace cdviz::demo
