// The rules of a source: what its sender is told, what is counted, what a replay meets.
#include <gtest/gtest.h>

#include "pipeline/intake.h"
#include "pipeline/testing/fixture.h"

namespace cdviz::pipeline::testing {
namespace {

/// An event with as many violations as there are names.
std::string with_unknown(const std::string& id, const std::vector<std::string>& names) {
  std::string json = event_json(id);
  std::string content =
      R"("content":{"environment":{"id":"e"},"artifactId":"pkg:oci/a@sha256%3Aab")";
  for (const auto& name : names) content += ",\"" + name + "\":1";
  const auto at = json.find(R"("content":{)");
  return json.replace(at, std::string(R"("content":{)").size(), content);
}

Taken take(const cdevents::Rules& rules, const std::vector<std::string>& bodies) {
  std::vector<Message> messages;
  for (const auto& body : bodies) messages.push_back({.body = body});
  return Intake("in", rules).take(std::move(messages), WallTime(std::chrono::seconds(1)));
}

TEST(PolicyOfASource, StrictRefusesWithEveryViolationAndKeepsTheBytes) {
  const std::string odd = with_unknown("a", {"x", "y"});
  const Taken taken = take({.policy = cdevents::Policy::strict}, {odd, with_unknown("good", {})});
  ASSERT_EQ(taken.receipt.refused.size(), 1U);
  EXPECT_EQ(taken.receipt.refused[0].problems.size(), 2U);
  EXPECT_EQ(taken.receipt.refused[0].id, "a");
  ASSERT_EQ(taken.dead_letters.size(), 1U);
  EXPECT_EQ(taken.dead_letters[0].body, odd);
  EXPECT_EQ(taken.dead_letters[0].code, "additional");
  ASSERT_EQ(taken.receipt.accepted.size(), 1U);
  EXPECT_TRUE(taken.receipt.accepted[0].violations.empty());
}

TEST(PolicyOfASource, ReportAcceptsAndTellsAndNotesAndCounts) {
  const Taken taken = take({}, {with_unknown("a", {"x", "y"}), with_unknown("good", {})});
  ASSERT_EQ(taken.receipt.accepted.size(), 2U);
  const auto& told = taken.receipt.accepted[0];
  ASSERT_EQ(told.violations.size(), 2U);
  EXPECT_EQ(told.violations[0].pointer, "/subject/content/x");
  EXPECT_EQ(told.more_violations, 0U);
  EXPECT_NE(taken.events[0]->notes.find("/subject/content/x"), std::string::npos);
  EXPECT_EQ(taken.events[1]->notes, "");
  EXPECT_EQ(taken.with_violations, 1U);
  EXPECT_EQ(taken.violations.at("additional"), 2U);
}

TEST(PolicyOfASource, OffLooksForNothing) {
  const Taken taken = take({.policy = cdevents::Policy::off}, {with_unknown("a", {"x"})});
  ASSERT_EQ(taken.receipt.accepted.size(), 1U);
  EXPECT_TRUE(taken.receipt.accepted[0].violations.empty());
  EXPECT_TRUE(taken.violations.empty());
  EXPECT_EQ(taken.events[0]->notes, "");
}

TEST(PolicyOfASource, AReceiptDoesNotGrowWithoutBoundAndTheCountersKnowAll) {
  constexpr std::size_t kEvents = Receipt::kViolations / 2;
  const std::vector<std::string> bodies(kEvents, with_unknown("a", {"x", "y", "z"}));
  const Taken taken = take({}, bodies);
  std::size_t told = 0;
  std::size_t more = 0;
  for (const auto& event : taken.receipt.accepted) {
    told += event.violations.size();
    more += event.more_violations;
  }
  EXPECT_EQ(told, Receipt::kViolations);
  EXPECT_EQ(told + more, 3 * kEvents);
  EXPECT_EQ(taken.violations.at("additional"), 3 * kEvents);
  EXPECT_EQ(taken.with_violations, kEvents);
  for (const auto& event : taken.events) ASSERT_NE(event->notes, "") << "nothing is left out there";
}

struct WithPipeline : ::testing::Test {
  Parts parts(const cdevents::Rules& rules, std::string fingerprint) {
    Parts all;
    all.sources.push_back(f.source("in", std::move(fingerprint)));
    all.sources[0].rules = rules;
    all.sinks.push_back(f.sink());
    return all;
  }
  Result<Receipt> put(std::string body) {
    std::vector<Message> batch;
    batch.push_back({.body = std::move(body)});
    return f.put_messages(std::move(batch));
  }
  double counted(const std::string& name) {
    return f.metric(name + R"({component_id="in",component_type="fake")");
  }
  Fixture f;
};

using PolicyInAPipeline = WithPipeline;

TEST_F(PolicyInAPipeline, WhatWasNoticedIsCountedByRuleAndByStep) {
  f.start(parts({.default_source = "/default"}, "1"));
  ASSERT_TRUE(put(with_unknown("a", {"x", "y"})));
  std::string without_source = with_unknown("b", {});
  const std::string source = R"("source":"/test",)";
  without_source.erase(without_source.find(source), source.size());
  const auto receipt = put(without_source);
  ASSERT_TRUE(receipt);
  ASSERT_EQ(receipt->accepted.size(), 1U);
  EXPECT_EQ(receipt->accepted[0].source, "/default");
  EXPECT_EQ(receipt->accepted[0].normalised, std::vector<std::string_view>{"source"});
  EXPECT_EQ(counted("cdviz_events_with_violations_total"), 1);
  EXPECT_EQ(counted("cdviz_event_violations_total"), 2);
  EXPECT_EQ(counted("cdviz_normalised_events_total"), 1);
  EXPECT_EQ(f.status("in").with_violations, 1U);
}

TEST_F(PolicyInAPipeline, AReplayMeetsTheRulesThatTheSourceHasByThen) {
  f.start(parts({.policy = cdevents::Policy::strict}, "strict"));
  ASSERT_TRUE(put(with_unknown("a", {"x"})));
  ASSERT_EQ(f.queue.dead_letters().size(), 1U);
  f.queue.request_replay();
  ASSERT_TRUE(eventually([&] { return f.status("in").refused == 2; }, f.clock));
  ASSERT_TRUE(f.pipeline->reload(parts({}, "report")));
  f.queue.request_replay();
  ASSERT_TRUE(eventually([&] { return f.peer.stored() == Ids{"a"}; }, f.clock));
  EXPECT_NE(f.peer.events()[0]->notes.find("/subject/content/x"), std::string::npos);
}

}  // namespace
}  // namespace cdviz::pipeline::testing
