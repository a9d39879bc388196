#include "demo/live.h"

#include <set>
#include <variant>

#include <gtest/gtest.h>

#include "cdevents/check.h"

namespace cdviz::demo {
namespace {

using namespace std::chrono_literals;

const WallTime kFrom = *parse_moment("2026-01-31T12:00:00Z");

TEST(Live, GivesEachEventWhenItsTimeHasCome) {
  Live live(1, kFrom);
  std::set<std::string> seen;
  for (WallTime now = kFrom; now < kFrom + 30min; now += 1s) {
    for (const auto& event : live.take_until(now)) {
      EXPECT_LE(event.arrives, now);
      EXPECT_GT(event.arrives, now - 1s);
      EXPECT_TRUE(seen.insert(event.json).second) << "twice: " << event.json;
    }
  }
  EXPECT_GT(seen.size(), 900U);
  EXPECT_LT(seen.size(), 3600U);
}

TEST(Live, TellsValidDemoEvents) {
  Live live(1, kFrom);
  const auto events = live.take_until(kFrom + 15min);
  EXPECT_FALSE(events.empty());
  bool deployed = false;
  for (const auto& event : events) {
    const auto checked =
        cdevents::check(std::string(event.json), {.policy = cdevents::Policy::strict}, {}, kFrom);
    EXPECT_TRUE(std::holds_alternative<cdevents::Checked>(checked)) << event.json;
    EXPECT_NE(event.json.find(R"("source":"/demo/)"), std::string::npos);
    EXPECT_NE(event.json.find(R"("demo":true)"), std::string::npos);
    if (event.json.find("cdevents.service.") != std::string::npos) {
      deployed = true;
      EXPECT_NE(event.json.find(R"("environment":{"id":"dev")"), std::string::npos);
    }
  }
  EXPECT_TRUE(deployed);
}

TEST(Live, CatchesUpAfterAPause) {
  Live steady(1, kFrom);
  std::size_t count = 0;
  for (WallTime now = kFrom; now <= kFrom + 20min; now += 1s)
    count += steady.take_until(now).size();
  Live paused(1, kFrom);
  EXPECT_EQ(paused.take_until(kFrom + 20min).size(), count);
}

}  // namespace
}  // namespace cdviz::demo
