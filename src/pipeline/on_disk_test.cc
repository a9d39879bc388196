// The pipeline on the real queue and the machine's clock.
#include "pipeline/testing/on_disk.h"

#include <gtest/gtest.h>

#include "queue/sqlite.h"

namespace cdviz::pipeline::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(OnDisk, WhatASinkCouldNotGetIsDeliveredAfterTheNextStart) {
  start();
  peer.answers({Fault::retry, "connection refused", "08006"});
  ASSERT_TRUE(put(messages({"a", "b"})).has_value());
  ASSERT_TRUE(eventually([&] { return other.stored() == (Ids{"a", "b"}); }));
  ASSERT_TRUE(eventually([&] { return !peer.writes().empty(); }));
  EXPECT_EQ(stop().left_on_disk, 2U);

  peer.works();
  start();
  ASSERT_TRUE(put(messages({"c"})).has_value());
  EXPECT_TRUE(eventually([&] { return peer.stored() == (Ids{"a", "b", "c"}); }));
  EXPECT_TRUE(stop().complete);
  EXPECT_EQ(other.stored(), (Ids{"a", "b", "c"})) << "its place was kept";
}

TEST_F(OnDisk, ManySendersSeeEveryEventDeliveredToEverySinkOnce) {
  start();
  constexpr std::size_t kThreads = 4, kBatches = 100, kEach = 5;
  std::atomic<std::size_t> accepted = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t b = 0; b < kBatches; ++b) {
          Ids ids;
          for (std::size_t i = 0; i < kEach; ++i) {
            ids.push_back(std::to_string(t) + "-" + std::to_string(b) + "-" + std::to_string(i));
          }
          const auto offered = input.inlet()->offer(messages(ids), [&](const auto& receipt) {
            if (receipt) accepted += receipt->accepted.size();
          });
          ASSERT_EQ(offered, Offered::taken);
        }
      });
    }
  }
  EXPECT_TRUE(stop().complete);
  EXPECT_EQ(accepted, kThreads * kBatches * kEach);
  for (const FakePeer* end : {&peer, &other}) {
    const Ids stored = end->stored();
    EXPECT_EQ(stored.size(), kThreads * kBatches * kEach);
    EXPECT_EQ(std::set(stored.begin(), stored.end()).size(), stored.size());
  }
}

TEST_F(OnDisk, AFullQueueRefusesAndTakesAgainWhenASinkHasCaughtUp) {
  settings.max_bytes = 200'000;
  start();
  peer.hangs();
  std::size_t taken = 0;
  std::vector<Answer> answers(10'000);
  auto offered = Offered::taken;
  for (; taken < answers.size(); ++taken) {
    offered = input.inlet()->offer(messages({std::to_string(taken)}), answers[taken].settled());
    if (offered != Offered::taken) break;
    ASSERT_TRUE(answers[taken].get().has_value());
  }
  EXPECT_EQ(offered, Offered::full);
  EXPECT_GT(taken, 100U);
  peer.hangs_no_more();
  Answer late;
  ASSERT_TRUE(eventually(
      [&] { return input.inlet()->offer(messages({"late"}), late.settled()) == Offered::taken; }));
  EXPECT_TRUE(stop().complete);
  EXPECT_EQ(peer.stored().size(), taken + 1);
}

TEST_F(OnDisk, WhatASinkRejectedIsReplayedToThatSinkAlone) {
  start();
  peer.rejects("bad");
  ASSERT_TRUE(put(messages({"a", "bad", "c"})).has_value());
  ASSERT_TRUE(eventually([&] { return queue->status().dead_letters == 1; }));
  peer.accepts("bad");
  {
    queue::Connection database(settings.directory / "queue.db",
                               queue::Connection::Access::read_write, 5s);
    database.run("UPDATE dead_letters SET replay_at = 1");
  }
  EXPECT_TRUE(eventually([&] { return peer.stored() == (Ids{"a", "c", "bad"}); }));
  EXPECT_TRUE(eventually([&] { return queue->status().dead_letters == 0; }));
  EXPECT_TRUE(stop().complete);
  EXPECT_EQ(other.stored(), (Ids{"a", "bad", "c"}));
  EXPECT_EQ(peer.events().back()->origin, "in");
}

TEST_F(OnDisk, ConfirmDeliveredWaitsForTheSinks) {
  start({.drain_timeout = 20s, .confirm = Confirm::delivered});
  other.hangs();
  Answer answer;
  ASSERT_EQ(input.inlet()->offer(messages({"a"}), answer.settled()), Offered::taken);
  ASSERT_TRUE(eventually([&] { return peer.stored() == Ids{"a"}; }));
  EXPECT_FALSE(answer.there());
  other.hangs_no_more();
  EXPECT_TRUE(answer.get().has_value());
  EXPECT_TRUE(stop().complete);
}

TEST_F(OnDisk, ACheckpointIsThereAfterTheNextStart) {
  start();
  Answer answer;
  ASSERT_TRUE(input.inlet()->put(messages({"a"}), {{{"file", "17"}}}, answer.settled()));
  ASSERT_TRUE(answer.get().has_value());
  EXPECT_TRUE(stop().complete);
  start();
  const auto value = input.inlet()->checkpoint("file");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(*value, "17");
  EXPECT_TRUE(stop().complete);
}

}  // namespace
}  // namespace cdviz::pipeline::testing
