// The way in: what is accepted, refused, filtered; who is told what, and how often.
#include <array>
#include <atomic>

#include <gtest/gtest.h>

#include "pipeline/intake.h"
#include "pipeline/testing/fixture.h"

namespace cdviz::pipeline::testing {
namespace {

using namespace std::chrono_literals;

struct InletTest : ::testing::Test {
  void SetUp() override { f.start(); }
  Inlet& inlet() { return *f.input.inlet(); }
  Fixture f;
};

TEST_F(InletTest, AnEventKeepsItsBytesItsHeadersItsOriginAndItsTime) {
  Message in = message("a");
  in.headers.add("traceparent", "00-1-2-01");
  const std::string bytes = in.body;
  std::vector<Message> batch;
  batch.push_back(std::move(in));
  ASSERT_TRUE(f.put_messages(std::move(batch)).has_value());
  ASSERT_TRUE(eventually([&] { return f.peer.events().size() == 1; }));
  const Event event = f.peer.events()[0];
  EXPECT_EQ(event->json, bytes);
  EXPECT_EQ(event->headers.find("traceparent"), "00-1-2-01");
  EXPECT_EQ(event->origin, "in");
  EXPECT_EQ(event->received_at, f.clock.wall());
}

TEST_F(InletTest, ARefusedMessageIsADeadLetterWithItsBytesAndTheReasonAndItsNeighboursAreStored) {
  std::vector<Message> batch = messages({"a", "b", "c"});
  batch[1].body = R"({"context":{"id":"b","source":"/test"}})";
  batch[1].headers.add("x-delivery", "7");
  batch[1].metadata = R"({"path":"p"})";
  const auto receipt = f.put_messages(std::move(batch));
  ASSERT_TRUE(receipt.has_value());
  ASSERT_EQ(receipt->accepted.size(), 2U);
  EXPECT_EQ(receipt->accepted[1].index, 2U);
  ASSERT_EQ(receipt->refused.size(), 1U);
  EXPECT_EQ(receipt->refused[0].index, 1U);
  EXPECT_EQ(receipt->refused[0].id, "b");

  const auto letters = f.queue.dead_letters();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].component_id, "in");
  EXPECT_FALSE(letters[0].from_sink);
  EXPECT_EQ(letters[0].code, receipt->refused[0].problems[0].rule);
  EXPECT_EQ(letters[0].reason, describe(receipt->refused[0].problems));
  EXPECT_EQ(letters[0].body, R"({"context":{"id":"b","source":"/test"}})");
  EXPECT_EQ(letters[0].headers.find("x-delivery"), "7");
  EXPECT_EQ(letters[0].metadata, R"({"path":"p"})");
  EXPECT_EQ(letters[0].event_source, "/test");
  EXPECT_EQ(letters[0].event_id, "b");
}

TEST_F(InletTest, ABatchThatIsRefusedWholeIsSettledWhenItsDeadLettersAreKept) {
  f.queue.hold(true);
  Answer answer;
  ASSERT_EQ(inlet().offer({Message{.body = "no json"}}, answer.settled()), Offered::taken);
  EXPECT_FALSE(answer.there());
  f.queue.hold(false);
  const auto receipt = answer.get();
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->refused.size(), 1U);
  EXPECT_EQ(f.queue.dead_letters().size(), 1U);
}

TEST_F(InletTest, AnEmptyBatchIsSettledAtOnce) {
  Answer answer;
  ASSERT_EQ(inlet().offer({}, answer.settled()), Offered::taken);
  EXPECT_TRUE(answer.there());
}

TEST_F(InletTest, AnEmptyBatchWithACheckpointIsCommitted) {
  Answer answer;
  ASSERT_TRUE(inlet().put({}, {{{"offset", "7"}}}, answer.settled()));
  EXPECT_TRUE(answer.get().has_value());
  EXPECT_EQ(f.queue.checkpoints("in"), (std::map<std::string, std::string>{{"offset", "7"}}));
}

TEST_F(InletTest, ACheckpointIsCommittedWithItsEventsAndReadBack) {
  Answer answer;
  ASSERT_TRUE(inlet().put(messages({"a"}), {{{"file", "12"}, {"old", "1"}}}, answer.settled()));
  ASSERT_TRUE(answer.get().has_value());
  const auto value = inlet().checkpoint("file");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(*value, "12");
  Answer removed;
  ASSERT_TRUE(inlet().put({}, {{{"old", std::nullopt}}}, removed.settled()));
  ASSERT_TRUE(removed.get().has_value());
  EXPECT_EQ(f.queue.checkpoints("in").count("old"), 0U);
}

TEST_F(InletTest, OfferAnswersFullAtOnceAndNobodyIsCalled) {
  f.queue.set_full(true);
  Answer answer;
  EXPECT_EQ(inlet().offer(messages({"a"}), answer.settled()), Offered::full);
  f.stop();
  EXPECT_EQ(answer.calls(), 0);
}

TEST_F(InletTest, PutWaitsUntilThereIsRoom) {
  f.queue.set_full(true);
  auto waiting = std::async(std::launch::async, [&] { return f.put({"a"}); });
  EXPECT_EQ(waiting.wait_for(20ms), std::future_status::timeout);
  f.queue.set_full(false);
  EXPECT_TRUE(waiting.get().has_value());
}

TEST_F(InletTest, APutThatWaitsForRoomEndsWhenThePipelineStops) {
  f.queue.set_full(true);
  Answer answer;
  std::atomic<bool> taken = true;
  // Within the source's own thread, as a source does it.
  f.input.does([&](Inlet& inlet, std::stop_token) -> Result<void> {
    taken = inlet.put(messages({"a"}), {}, answer.settled());
    return {};
  });
  Parts parts;
  parts.sinks.push_back(f.sink());
  parts.sources.push_back(f.source("in", "2"));
  ASSERT_TRUE(f.pipeline->reload(std::move(parts)).has_value());
  ASSERT_TRUE(eventually([&] { return f.input.runs() == 2; }));
  f.stop();
  EXPECT_FALSE(taken);
  EXPECT_EQ(answer.calls(), 0);
}

TEST_F(InletTest, ABatchThatCannotBeStoredIsGivenBackOnceAndNotCounted) {
  f.queue.set_commits_fail(true);
  Answer answer;
  ASSERT_EQ(inlet().offer(messages({"a", "b"}), answer.settled()), Offered::taken);
  const auto receipt = answer.get();
  ASSERT_FALSE(receipt.has_value());
  EXPECT_EQ(receipt.error().fault, Fault::retry);
  EXPECT_EQ(receipt.error().code, "disk_full");
  f.queue.set_commits_fail(false);
  f.stop();
  EXPECT_EQ(answer.calls(), 1);
  EXPECT_EQ(f.status("in").received, 0U);
  EXPECT_EQ(f.metric("cdviz_returned_events_total{component_id=\"in\""), 2);
}

TEST_F(InletTest, AfterTheSourceHasEndedNothingIsTaken) {
  Inlet& kept = inlet();
  f.stop();
  Answer answer;
  EXPECT_EQ(kept.offer(messages({"a"}), answer.settled()), Offered::closed);
  EXPECT_FALSE(kept.put(messages({"a"}), {}, answer.settled()));
  EXPECT_EQ(answer.calls(), 0);
}

TEST_F(InletTest, TheBalanceOfASourceIsExact) {
  ASSERT_TRUE(f.put({"a", "b", "c"}).has_value());
  std::vector<Message> mixed = messages({"x", "d", "y"});
  mixed[0].body = "x";
  mixed[2].body = "{}";
  ASSERT_TRUE(f.put_messages(std::move(mixed)).has_value());
  const auto status = f.status("in");
  EXPECT_EQ(status.received, 6U);
  EXPECT_EQ(status.queued, 4U);
  EXPECT_EQ(status.refused, 2U);
  EXPECT_EQ(status.received, status.queued + status.filtered + status.refused);
  EXPECT_EQ(f.metric("cdviz_received_events_total{component_id=\"in\",component_type=\"fake\"}"),
            6);
  EXPECT_EQ(f.metric("cdviz_received_bytes_total{component_id=\"in\""),
            static_cast<double>(4 * event_json("a").size() + 3));
  EXPECT_EQ(f.metric("cdviz_accepted_events_total{component_id=\"in\""), 4);
  EXPECT_EQ(f.metric("cdviz_filtered_events_total{component_id=\"in\""), 0);
  for (const auto& letter : f.queue.dead_letters()) {
    const std::string labels = R"({component_id="in",component_type="fake",reason=")" + letter.code;
    EXPECT_EQ(f.metric("cdviz_rejected_events_total" + labels + "\"}"), 1);
  }
}

TEST_F(InletTest, TheLastEventsAreListedNewestFirst) {
  ASSERT_TRUE(f.put({"a", "b"}).has_value());
  const auto recent = f.pipeline->recent();
  ASSERT_EQ(recent.size(), 2U);
  EXPECT_EQ(recent[0].id, "b");
  EXPECT_EQ(recent[0].subject_id, "shop");
  EXPECT_EQ(recent[0].origin, "in");
}

TEST_F(InletTest, ManyThreadsMayOfferAtOnce) {
  constexpr int kThreads = 4, kEach = 200;
  std::atomic<int> settled = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::string id = std::to_string(t) + "-" + std::to_string(i);
          ASSERT_EQ(inlet().offer(messages({id}), [&](const auto&) { ++settled; }), Offered::taken);
        }
      });
    }
  }
  EXPECT_TRUE(eventually([&] { return f.peer.stored().size() == kThreads * kEach; }));
  EXPECT_EQ(settled, kThreads * kEach);
}

/// Does with a message what its body says.
struct FakeTransform final : Transform {
  Result<Transformed> apply(Message m) const override {
    if (m.body == "drop") return Transformed{{}, "not wanted"};
    if (m.body == "fail") return Error{Fault::reject, "line 3: no such field"};
    if (m.body == "refuse") return Error{Fault::reject, "wrong", "refused"};
    if (m.body == "throw") throw std::runtime_error("a bug");
    if (m.body == "two") return Transformed{messages({"one", "two"})};
    Transformed out;
    if (m.body == "half") {
      out.messages = messages({"good"});
      out.messages.push_back({.body = "bad"});
      return out;
    }
    out.messages.push_back(std::move(m));
    return out;
  }
};

Taken transformed(std::string body) {
  Transforms chain;
  chain.push_back(std::make_unique<FakeTransform>());
  chain.push_back(std::make_unique<FakeTransform>());
  std::vector<Message> batch;
  batch.push_back({.body = std::move(body)});
  return Intake("in", {}, std::move(chain)).take(std::move(batch), {});
}

/// Remembers the body of every message.
struct RememberingTransform final : Transform {
  Result<Transformed> apply(Message m) const override {
    Transformed out;
    out.memos.push_back({this, {"seen/" + std::to_string(m.body.size()), "yes"}});
    out.messages.push_back(std::move(m));
    return out;
  }
  void remember(const Checkpoint::Entry&) const override { ++remembered; }
  mutable std::atomic<int> remembered = 0;
};

TEST(Inlet, WhatATransformRemembersIsCommittedHoweverTheBatchWasHandedOver) {
  Fixture f;
  auto parts = f.parts();
  auto transform = std::make_unique<RememberingTransform>();
  const auto& remembered = transform->remembered;
  parts.sources[0].transforms.push_back(std::move(transform));
  f.start(std::move(parts));
  Inlet& inlet = *f.input.inlet();
  std::array<Answer, 3> answers;
  const auto of = [](const char* id) { return messages({id}); };
  ASSERT_TRUE(inlet.put(of("1"), {}, answers[0].settled()));
  ASSERT_EQ(inlet.offer(of("22"), answers[1].settled()), Offered::taken);
  ASSERT_EQ(inlet.offer_in_shares(of("333"), answers[2].settled()), Offered::taken);
  for (auto& answer : answers) ASSERT_TRUE(answer.get().has_value());
  EXPECT_EQ(f.queue.checkpoints("in").size(), 3U);
  EXPECT_EQ(remembered, 3);
  f.stop();
}

TEST(Intake, ATransformMayDropAMessage) {
  const Taken taken = transformed("drop");
  ASSERT_EQ(taken.receipt.filtered.size(), 1U);
  EXPECT_EQ(taken.receipt.filtered[0].reason, "not wanted");
  EXPECT_EQ(taken.count(), 1U);
}

TEST(Intake, ATransformMayRefuseAMessage) {
  const Taken taken = transformed("refuse");
  ASSERT_EQ(taken.dead_letters.size(), 1U);
  EXPECT_EQ(taken.dead_letters[0].code, "refused");
  EXPECT_EQ(taken.dead_letters[0].reason, "wrong");
}

TEST(Intake, ATransformMayMakeManyOfOne) {
  const Taken taken = transformed("two");
  ASSERT_EQ(taken.events.size(), 2U);
  EXPECT_EQ(taken.receipt.accepted[1].index, 0U);
}

TEST(Intake, AMessageThatATransformFailsOnIsRefusedAsItCame) {
  for (const std::string body : {"fail", "throw"}) {
    const Taken taken = transformed(body);
    ASSERT_EQ(taken.dead_letters.size(), 1U);
    EXPECT_EQ(taken.dead_letters[0].code, "transform");
    EXPECT_EQ(taken.dead_letters[0].body, body);
  }
}

TEST(Intake, WhatATransformMadeAndTheCheckRefusesIsKeptAsItCame) {
  const Taken taken = transformed("half");
  EXPECT_EQ(taken.events.size(), 1U);
  ASSERT_EQ(taken.dead_letters.size(), 1U);
  EXPECT_EQ(taken.dead_letters[0].body, "half");
}

}  // namespace
}  // namespace cdviz::pipeline::testing
