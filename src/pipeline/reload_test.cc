// Reload: what has not changed runs on; nobody waits for what is stuck.
#include <gtest/gtest.h>

#include "pipeline/either_stop.h"
#include "pipeline/testing/fixture.h"

namespace cdviz::pipeline::testing {
namespace {

using namespace std::chrono_literals;

struct Reload : ::testing::Test {
  Fixture f;
  Parts only(SourcePart source, SinkPart sink) {
    Parts parts;
    parts.sources.push_back(std::move(source));
    parts.sinks.push_back(std::move(sink));
    return parts;
  }
  void reload(Parts parts) { ASSERT_TRUE(f.pipeline->reload(std::move(parts)).has_value()); }
};

TEST_F(Reload, WhatHasNotChangedRunsOn) {
  f.start();
  reload(f.parts());
  ASSERT_TRUE(f.put({"a"}).has_value());
  EXPECT_TRUE(eventually([&] { return f.peer.stored() == Ids{"a"}; }));
  EXPECT_EQ(f.input.runs(), 1);
  EXPECT_EQ(f.input.running(), 1);
}

TEST_F(Reload, AChangedSourceIsFollowedByItsSuccessorAndBothNeverRunAtOnce) {
  f.start();
  ASSERT_TRUE(f.put({"a"}).has_value());
  reload(only(f.source("in", "2"), f.sink()));
  ASSERT_TRUE(eventually([&] { return f.input.runs() == 2; }));
  ASSERT_TRUE(f.put({"b"}).has_value());
  EXPECT_TRUE(eventually([&] { return f.peer.stored() == (Ids{"a", "b"}); }));
  EXPECT_EQ(f.input.running_max(), 1);
  EXPECT_EQ(f.status("in").received, 2U) << "the balance goes on";
}

TEST_F(Reload, AChangedSinkGoesOnWhereItsPredecessorWas) {
  f.start();
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.peer.stored() == Ids{"a"}; }));
  FakePeer other(f.clock);
  reload(only(f.source(), f.sink(other, "out", "2")));
  ASSERT_TRUE(f.put({"b"}).has_value());
  EXPECT_TRUE(eventually([&] { return other.stored() == Ids{"b"}; }));
  EXPECT_EQ(f.peer.stored(), Ids{"a"});
}

TEST_F(Reload, ASinkThatIsBackingOffIsReplacedAtOnce) {
  f.start();
  f.peer.answers({Fault::retry, "busy", "http_503", 10min});
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.is("out", State::waiting); }));
  FakePeer other(f.clock);
  const auto before = f.clock.now();
  reload(only(f.source(), f.sink(other, "out", "2")));
  EXPECT_TRUE(eventually([&] { return other.stored() == Ids{"a"}; }));
  EXPECT_EQ(f.clock.now(), before);
}

TEST_F(Reload, AStuckSinkHoldsUpOnlyItsOwnSuccessor) {
  f.start();
  f.peer.hangs(true);
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.peer.writing() == 1; }));
  FakePeer second(f.clock), third(f.clock), another(f.clock);
  reload(only(f.source(), f.sink(second, "out", "2")));
  Parts parts = only(f.source(), f.sink(third, "out", "3"));
  parts.sinks.push_back(f.sink(another, "another", "1"));
  reload(std::move(parts));
  ASSERT_TRUE(f.put({"b"}).has_value());
  EXPECT_TRUE(eventually([&] { return another.stored() == Ids{"b"}; }));
  EXPECT_TRUE(f.is("out", State::starting));
  EXPECT_EQ(third.writes().size(), 0U);
  f.peer.hangs_no_more();
  // The stuck write was a success after all, so the successor may start behind it.
  EXPECT_TRUE(eventually([&] { return !third.stored().empty() && third.stored().back() == "b"; }));
  EXPECT_EQ(second.stored(), Ids{}) << "replaced before it could start";
}

TEST_F(Reload, AStopNamesAStuckSinkAndTheSuccessorThatWaitsForItOnce) {
  f.start();
  f.peer.hangs(true);
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(eventually([&] { return f.peer.writing() == 1; }));
  reload(only(f.source(), f.sink("out", "2")));
  const Drained drained = f.stop_after_deadline();
  EXPECT_EQ(drained.stuck, std::vector<std::string>{"out"});
  f.peer.hangs_no_more();  // so that this test can end
}

TEST_F(Reload, ASinkThatIsGoneKeepsItsPlaceInTheQueueAndGetsTheRestWhenItIsBack) {
  f.start();
  f.peer.answers({Fault::retry, "away", "08006"});
  ASSERT_TRUE(f.put({"a"}).has_value());
  Parts without;
  without.sources.push_back(f.source());
  reload(std::move(without));
  ASSERT_TRUE(f.put({"b"}).has_value());
  EXPECT_EQ(f.queue.status().sinks.size(), 1U);
  f.peer.works();
  reload(f.parts());
  EXPECT_TRUE(eventually([&] { return f.peer.stored() == (Ids{"a", "b"}); }));
}

TEST_F(Reload, ASourceThatHasEndedIsStartedAgain) {
  f.input.does([](Inlet&, const std::stop_token&) -> Result<void> { return {}; });
  f.start();
  ASSERT_TRUE(eventually([&] { return f.is("in", State::ended); }));
  f.input.does(nullptr);
  ASSERT_TRUE(eventually([&] {
    reload(f.parts());
    return f.input.running() == 1;
  }));
}

TEST_F(Reload, IfTheQueueFailsNothingChanges) {
  f.start();
  f.queue.set_attach_fails(true);
  EXPECT_FALSE(f.pipeline->reload(only(f.source("in", "2"), f.sink("out", "2"))).has_value());
  ASSERT_TRUE(f.put({"a"}).has_value());
  EXPECT_TRUE(eventually([&] { return f.peer.stored() == Ids{"a"}; }));
  EXPECT_EQ(f.input.runs(), 1);
}

TEST_F(Reload, ManyReloadsUnderLoadLoseNothing) {
  f.start();
  std::atomic<bool> done = false;
  Ids accepted;
  std::jthread sender([&] {
    for (int i = 0; !done; ++i) {
      const std::string id = "e" + std::to_string(i);
      if (f.put({id}).has_value()) accepted.push_back(id);
    }
  });
  for (int i = 0; i < 50; ++i) {
    reload(only(f.source("in", std::to_string(i)), f.sink("out", std::to_string(i / 2))));
    ASSERT_TRUE(eventually([&] { return f.input.running() == 1; }));
  }
  done = true;
  sender.join();
  EXPECT_TRUE(f.stop().complete);
  const Ids stored = f.peer.stored();
  for (const auto& id : accepted) {
    EXPECT_NE(std::find(stored.begin(), stored.end(), id), stored.end()) << id;
  }
}

TEST_F(Reload, ARetiredSourceThatWaitsForADeliveryIsLetGoAfterAWhile) {
  Fixture g({.drain_timeout = 20s, .confirm = Confirm::delivered});
  Answer answer;
  g.input.does([&](Inlet& inlet, const std::stop_token& stop) -> Result<void> {
    if (g.input.runs() > 1) return wait_for(stop), Result<void>{};
    EXPECT_EQ(inlet.offer(messages({"a"}), answer.settled()), Offered::taken);
    wait_for(stop);
    answer.future.wait();
    return {};
  });
  g.peer.answers({Fault::retry, "away", "08006"});
  g.start();
  ASSERT_TRUE(eventually([&] { return g.is("out", State::waiting); }));
  ASSERT_TRUE(g.pipeline->reload(only(g.source("in", "2"), g.sink())).has_value());
  EXPECT_FALSE(answer.there());
  EXPECT_TRUE(g.pipeline->has_leaving_sources());
  ASSERT_TRUE(eventually([&] { return g.input.runs() == 2; }, g.clock));
  EXPECT_TRUE(eventually([&] { return !g.pipeline->has_leaving_sources(); }));
  EXPECT_FALSE(answer.get().has_value());
}

}  // namespace
}  // namespace cdviz::pipeline::testing
