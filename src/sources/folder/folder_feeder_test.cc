#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/folder/feeder.h"

namespace cdviz::sources::folder {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Keeps what it is given until it is told what became of it.
class HeldInlet final : public Inlet {
 public:
  bool put(std::vector<Message>, Checkpoint checkpoint, Settled settled) override {
    if (closed) return false;
    std::vector<std::string> keys;
    for (const auto& entry : checkpoint.entries) {
      const auto known = entry.value ? parse_entry(*entry.value) : std::nullopt;
      keys.push_back(entry.key + "=" + (known ? std::to_string(known->documents) : "gone"));
    }
    std::sort(keys.begin(), keys.end());
    checkpoints.push_back(keys);
    waiting.push_back(std::move(settled));
    return true;
  }
  Offered offer(std::vector<Message>, Settled) override { return Offered::closed; }
  Result<std::optional<std::string>> checkpoint(std::string_view) const override {
    return std::optional<std::string>();
  }

  std::vector<std::vector<std::string>> checkpoints;
  std::vector<Settled> waiting;
  bool closed = false;
};

struct FeederTest : ::testing::Test {
  void add(std::uint64_t inode, std::uint64_t documents) {
    feeder.add({.body = "{}"});
    feeder.note({0, inode}, {.documents = documents});
  }
  void settle(std::size_t which) { inlet.waiting[which](Receipt{}); }
  std::optional<std::uint64_t> known(std::uint64_t inode) {
    const auto found = feeder.find({0, inode});
    if (!found || !found->entry) return std::nullopt;
    return found->entry->documents;
  }

  HeldInlet inlet;
  Feeder feeder{inlet, {}};
  std::stop_source stop;
};

TEST_F(FeederTest, AnEntryGoesWithTheEventsItCovers) {
  add(1, 1);
  add(1, 2);
  add(2, 5);
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  EXPECT_THAT(inlet.checkpoints, ElementsAre(ElementsAre("1=2", "2=5")));
  EXPECT_EQ(known(1), 2U);
  settle(0);
  EXPECT_EQ(known(1), std::nullopt);
  EXPECT_TRUE(feeder.is_idle());
}

TEST_F(FeederTest, AnEntryWaitsForEarlierBatchesOfItsFile) {
  add(1, 1);
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  add(1, 2);
  add(2, 1);
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  EXPECT_THAT(inlet.checkpoints[1], ElementsAre("2=1"));
  settle(1);  // whatever the order
  EXPECT_FALSE(feeder.is_idle());
  EXPECT_EQ(known(1), 2U);
  settle(0);
  EXPECT_EQ(known(1), 2U);  // true, but not committed
  EXPECT_FALSE(feeder.is_idle());
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  EXPECT_THAT(inlet.checkpoints[2], ElementsAre("1=2"));
  settle(2);
  EXPECT_TRUE(feeder.is_idle());
}

TEST_F(FeederTest, ALargeFileIsNotForgottenWhileItsBatchesFollowEachOther) {
  for (std::uint64_t i = 1; i <= 3; ++i) {
    add(1, i);
    EXPECT_TRUE(feeder.flush(stop.get_token()));
  }
  settle(0);
  settle(1);
  add(1, 4);
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  EXPECT_THAT(inlet.checkpoints[3], ElementsAre("1=2"));  // what is on disk, and no more
}

TEST_F(FeederTest, AfterAFailureNothingIsSaidThatMayNotBeTrue) {
  add(1, 1);
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  add(1, 2);
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  inlet.waiting[0](Error{Fault::retry, "no disk"});
  settle(1);
  ASSERT_TRUE(feeder.failure());
  EXPECT_EQ(feeder.failure()->message, "no disk");
  add(2, 1);
  EXPECT_FALSE(feeder.flush(stop.get_token()));
  EXPECT_EQ(inlet.checkpoints.size(), 2U);
}

TEST_F(FeederTest, AFileIsFinishedWhenAllBeforeItIsOnDisk) {
  add(1, 1);
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  add(1, 2);
  feeder.finished({.path = "a"});
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  settle(1);
  EXPECT_THAT(feeder.take_finished(), IsEmpty());
  settle(0);
  EXPECT_EQ(feeder.take_finished().size(), 1U);
}

TEST_F(FeederTest, AFileIsFinishedOnceHoweverOftenItIsSaid) {
  const Finished file{.path = "a", .key = {0, 1}, .stamp = {.size = 1}};
  add(1, 1);
  feeder.finished(file);
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  for (int i = 0; i < 5; ++i) {
    feeder.finished(file);
    EXPECT_TRUE(feeder.flush(stop.get_token()));
  }
  EXPECT_EQ(inlet.checkpoints.size(), 1U);
  settle(0);
  EXPECT_EQ(feeder.take_finished().size(), 1U);
  // It could not be moved, or it has changed: then it is another matter.
  feeder.finished(file);
  feeder.finished({.path = "a", .key = {0, 1}, .stamp = {.size = 2}});
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  settle(1);
  EXPECT_EQ(feeder.take_finished().size(), 2U);
}

TEST_F(FeederTest, AForgottenFileIsRemovedFromTheLedger) {
  feeder.forget({0, 1});
  EXPECT_TRUE(feeder.flush(stop.get_token()));
  EXPECT_THAT(inlet.checkpoints, ElementsAre(ElementsAre("1=gone")));
  EXPECT_TRUE(feeder.find({0, 1}).has_value());
}

TEST_F(FeederTest, ItEndsWhenThePipelineCloses) {
  inlet.closed = true;
  add(1, 1);
  EXPECT_FALSE(feeder.flush(stop.get_token()));
  EXPECT_TRUE(feeder.closed());
}

TEST_F(FeederTest, AWaitForRoomEndsWithAStop) {
  for (std::uint64_t i = 1; i <= 3; ++i) {
    add(1, i);
    EXPECT_TRUE(feeder.flush(stop.get_token()));
  }
  add(1, 4);
  stop.request_stop();
  EXPECT_FALSE(feeder.flush(stop.get_token()));
}

}  // namespace
}  // namespace cdviz::sources::folder
