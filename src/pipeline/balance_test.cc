#include "pipeline/balance.h"

#include <gtest/gtest.h>

#include "pipeline/recent.h"

namespace cdviz::pipeline {
namespace {

TEST(ReasonCounters, TheFirstReasonsHaveTheirOwnCounterAndTheRestShareOne) {
  telemetry::Metrics metrics;
  ReasonCounters counters(metrics, "cdviz_test_total", "Test.", {{"component_id", "in"}}, "reason");
  for (int i = 0; i < 70; ++i) counters.add("rule_" + std::to_string(i));
  counters.add("rule_0");
  EXPECT_EQ(counters.total(), 71U);
  const std::string text = metrics.text();
  EXPECT_NE(text.find(R"(reason="rule_0"} 2)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(reason="rule_63"} 1)"), std::string::npos) << text;
  EXPECT_EQ(text.find(R"(reason="rule_64")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(reason="other"} 6)"), std::string::npos) << text;
}

TEST(Ledger, TheSameNameAndTypeGoOnWithTheSameBalance) {
  telemetry::Metrics metrics;
  Ledger ledger(metrics);
  ledger.sink("out", "postgres").sent.Increment(3);
  EXPECT_EQ(value_of(ledger.sink("out", "postgres").sent), 3U);
  EXPECT_EQ(value_of(ledger.sink("out", "stdout").sent), 0U);
}

Event event(const std::string& id, std::size_t json_bytes = 10) {
  return Event(EventData{.source = "/s",
                         .id = id,
                         .type = "dev.cdevents.service.deployed.0.2.0",
                         .timestamp = "2024-05-06T07:08:09Z",
                         .subject_id = "shop",
                         .json = std::string(json_bytes, ' '),
                         .origin = "in"});
}

TEST(Recent, KeepsTheLastHundredNewestFirst) {
  Recent recent;
  std::vector<Event> events;
  for (int i = 0; i < 250; ++i) events.push_back(event(std::to_string(i)));
  recent.add(std::span(events).first(5));
  recent.add(std::span(events).subspan(5));
  const auto list = recent.list();
  ASSERT_EQ(list.size(), 100U);
  EXPECT_EQ(list.front().id, "249");
  EXPECT_EQ(list.back().id, "150");
  EXPECT_EQ(list.front().subject_id, "shop");
  EXPECT_EQ(list.front().origin, "in");
}

TEST(Recent, ALargeEventIsListedLikeAnyOther) {
  Recent recent;
  recent.add(std::vector{event("small"), event("large", Recent::kJsonBytes + 1)});
  const auto list = recent.list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].id, "large");
  EXPECT_EQ(list[0].subject_id, list[1].subject_id);
  EXPECT_EQ(list[0].type, list[1].type);
}

}  // namespace
}  // namespace cdviz::pipeline
