// Stopping: nothing that was accepted is lost, nothing is waited for in vain.
#include <gtest/gtest.h>

#include "pipeline/either_stop.h"
#include "pipeline/testing/fixture.h"

namespace cdviz::pipeline::testing {
namespace {

using namespace std::chrono_literals;

const Error kAway{Fault::retry, "connection refused", "08006"};

TEST(Stop, EverythingQueuedIsDeliveredBeforeTheSinksEnd) {
  Fixture f;
  f.start();
  f.peer.hangs();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(f.put({"e" + std::to_string(i)}).has_value());
  auto stopped = std::async(std::launch::async, [&] { return f.pipeline->stop(); });
  ASSERT_TRUE(eventually([&] { return f.input.running() == 0; }));
  f.peer.hangs_no_more();
  ASSERT_TRUE(eventually([&] { return Fixture::ended(stopped); }));
  const Drained drained = stopped.get();
  EXPECT_TRUE(drained.complete);
  EXPECT_EQ(f.peer.stored().size(), 50U);
  EXPECT_TRUE(f.is("out", State::ended));
}

TEST(Stop, WhatASourceStillHadOnItsWayIsStoredAndDelivered) {
  Fixture f;
  Answer answer;
  f.input.does([&](Inlet& inlet, const std::stop_token& stop) -> Result<void> {
    wait_for(stop);  // asked to stop with a request under way
    EXPECT_EQ(inlet.offer(messages({"last"}), answer.settled()), Offered::taken);
    return {};
  });
  f.start();
  f.queue.hold(true);
  auto stopped = std::async(std::launch::async, [&] { return f.pipeline->stop(); });
  ASSERT_TRUE(eventually([&] { return f.input.running() == 0; }));
  f.queue.hold(false);
  ASSERT_TRUE(eventually([&] { return Fixture::ended(stopped); }));
  EXPECT_TRUE(stopped.get().complete);
  EXPECT_TRUE(answer.get().has_value());
  EXPECT_EQ(f.peer.stored(), Ids{"last"});
}

TEST(Stop, ASinkThatIsAwayGetsOneMoreTryAndThenTheStopDoesNotWait) {
  Fixture f;
  f.peer.answers({Fault::retry, "busy", "http_503", 60s});
  f.start();
  ASSERT_TRUE(f.put({"a", "b"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.is("out", State::waiting); }));
  const auto writes = f.peer.writes().size();
  const auto before = f.clock.now();
  const Drained drained = f.stop();
  EXPECT_EQ(f.clock.now(), before);
  EXPECT_EQ(f.peer.writes().size(), writes + 1);
  EXPECT_FALSE(drained.complete);
  EXPECT_EQ(drained.left_on_disk, 2U);
  EXPECT_TRUE(drained.stuck.empty());
}

TEST(Stop, TheOneMoreTryMaySucceed) {
  Fixture f;
  f.peer.answers({Fault::stop, "no such table", "42P01"});
  f.start();
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.is("out", State::stopped); }));
  f.peer.works();
  EXPECT_TRUE(f.pipeline->stop().complete);
  EXPECT_EQ(f.peer.stored(), Ids{"a"});
}

TEST(Stop, ASinkThatGoesAwayWhileStoppingIsTriedAFewTimes) {
  Fixture f({.drain_timeout = 1h});
  f.start();
  f.peer.hangs();
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.peer.writing() == 1; }));
  f.peer.answers(kAway);
  auto stopped = std::async(std::launch::async, [&] { return f.pipeline->stop(); });
  ASSERT_TRUE(eventually([&] { return f.input.running() == 0; }));
  f.peer.hangs_no_more();
  ASSERT_TRUE(eventually([&] { return Fixture::ended(stopped); }, f.clock));
  EXPECT_EQ(stopped.get().left_on_disk, 1U);
  EXPECT_EQ(f.peer.writes().size(), 3U);
}

TEST(Stop, AHangingWriteIsEndedAtTheDeadlineAndItsEventsStayOnDisk) {
  Fixture f({.drain_timeout = 20s});
  f.start();
  f.peer.hangs();
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.peer.writing() == 1; }));
  const auto before = f.clock.now();
  auto stopped = std::async(std::launch::async, [&] { return f.pipeline->stop(); });
  ASSERT_TRUE(eventually([&] { return f.input.running() == 0; }));
  bool early = false;
  ASSERT_TRUE(eventually(
      [&] {
        const bool is_over = f.clock.now() - before >= 20s;
        early = early || (!is_over && Fixture::ended(stopped));
        return is_over;
      },
      f.clock));
  EXPECT_FALSE(early);
  // The clock stands still from now on: who is told to stop has all the time it needs.
  ASSERT_TRUE(eventually([&] { return Fixture::ended(stopped); }));
  const Drained drained = stopped.get();
  EXPECT_FALSE(drained.complete);
  EXPECT_EQ(drained.left_on_disk, 1U);
  EXPECT_TRUE(drained.stuck.empty());
}

TEST(Stop, ASecondSignalEndsTheDrainAtOnce) {
  Fixture f({.drain_timeout = 1h});
  f.start();
  f.peer.hangs();
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.peer.writing() == 1; }));
  std::stop_source second;
  const auto before = f.clock.now();
  auto stopped =
      std::async(std::launch::async, [&] { return f.pipeline->stop(second.get_token()); });
  ASSERT_TRUE(eventually([&] { return f.input.running() == 0; }));
  EXPECT_FALSE(Fixture::ended(stopped));
  second.request_stop();
  ASSERT_TRUE(eventually([&] { return Fixture::ended(stopped); }));
  EXPECT_EQ(stopped.get().left_on_disk, 1U);
  EXPECT_EQ(f.clock.now(), before);
}

TEST(Stop, ComponentsThatDoNotListenAreReportedAsStuck) {
  Fixture f;
  f.start();
  f.peer.hangs(true);
  f.input.deaf(true);
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.peer.writing() == 1; }));
  const Drained drained = f.stop_after_deadline();
  EXPECT_EQ(drained.stuck, (std::vector<std::string>{"in", "out"}));
  EXPECT_FALSE(drained.complete);
  f.peer.hangs_no_more();  // so that this test can end
  f.input.deaf(false);
}

TEST(Stop, APipelineThatIsDestroyedWithoutAStopEndsItsThreads) {
  Fixture f;
  f.start();
  f.peer.answers(kAway);
  ASSERT_TRUE(f.put({"a"}).has_value());
  f.pipeline.reset();
  EXPECT_EQ(f.input.running(), 0);
}

TEST(Start, AQueueThatFailsIsReportedAndNothingRuns) {
  Fixture f;
  f.queue.set_attach_fails(true);
  const auto started = f.pipeline->start(f.parts());
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, "io");
  EXPECT_EQ(f.input.runs(), 0);
}

struct ConfirmDelivered : ::testing::Test {
  Fixture f{{.drain_timeout = 20s, .confirm = Confirm::delivered}};
  FakePeer second{f.clock};
  Answer answer;
  void start() {
    Parts parts = f.parts();
    parts.sinks.push_back(f.sink(second, "second", "1"));
    f.start(std::move(parts));
  }
  void offer(const Ids& ids) {
    ASSERT_EQ(f.input.inlet()->offer(messages(ids), answer.settled()), Offered::taken);
  }
};

TEST_F(ConfirmDelivered, TheSenderIsAnsweredWhenEverySinkHasTheBatch) {
  start();
  second.hangs();
  offer({"a", "b"});
  ASSERT_TRUE(eventually([&] { return f.peer.stored().size() == 2; }));
  EXPECT_FALSE(answer.there());
  second.hangs_no_more();
  const auto receipt = answer.get();
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->accepted.size(), 2U);
}

TEST_F(ConfirmDelivered, AnEventThatASinkRejectsCountsAsDealtWith) {
  start();
  second.rejects("a");
  offer({"a"});
  EXPECT_TRUE(answer.get().has_value());
  EXPECT_EQ(f.queue.dead_letters().size(), 1U);
}

TEST_F(ConfirmDelivered, ABatchOfRefusalsWaitsForNoSink) {
  start();
  second.hangs();
  ASSERT_EQ(f.input.inlet()->offer({Message{.body = "x"}}, answer.settled()), Offered::taken);
  EXPECT_TRUE(answer.get().has_value());
}

TEST_F(ConfirmDelivered, ASinkThatIsRemovedIsNotWaitedFor) {
  start();
  second.hangs();
  offer({"a"});
  ASSERT_TRUE(eventually([&] { return second.writing() == 1; }));
  ASSERT_TRUE(f.pipeline->reload(f.parts()).has_value());
  EXPECT_TRUE(answer.get().has_value());
}

TEST_F(ConfirmDelivered, WhoeverStillWaitsWhenThePipelineStopsIsToldToTryAgain) {
  start();
  second.answers(kAway);
  offer({"a"});
  ASSERT_TRUE(eventually([&] { return f.is("second", State::waiting); }));
  EXPECT_FALSE(f.stop().complete);
  const auto receipt = answer.get();
  ASSERT_FALSE(receipt.has_value());
  EXPECT_EQ(receipt.error().fault, Fault::retry);
  EXPECT_EQ(answer.calls(), 1);
}

TEST_F(ConfirmDelivered, ASourceThatWaitsForItsAnswersBeforeItEndsDoesNotHoldUpTheStop) {
  f.input.does([&](Inlet& inlet, const std::stop_token& stop) -> Result<void> {
    EXPECT_EQ(inlet.offer(messages({"a"}), answer.settled()), Offered::taken);
    wait_for(stop);
    answer.future.wait();
    return {};
  });
  second.answers(kAway);
  start();
  ASSERT_TRUE(eventually([&] { return f.is("second", State::waiting); }));
  const auto before = f.clock.now();
  EXPECT_EQ(f.pipeline->stop().left_on_disk, 1U);
  EXPECT_EQ(f.clock.now(), before);
  EXPECT_FALSE(answer.get().has_value());
}

}  // namespace
}  // namespace cdviz::pipeline::testing
