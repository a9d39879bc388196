#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/kafka/feeder.h"

namespace cdviz::sources::kafka {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Partition kA{"a", 0};
const Partition kB{"b", 0};

/// Keeps what it is given; settles when the test says so.
class HeldInlet final : public Inlet {
 public:
  struct Given {
    std::vector<std::string> bodies;
    Checkpoint checkpoint;
    Settled settled;
  };

  bool put(std::vector<Message> batch, Checkpoint checkpoint, Settled settled) override {
    std::unique_lock lock(mutex_);
    ++entered_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    if (closed_) return false;
    Given given{{}, std::move(checkpoint), std::move(settled)};
    for (auto& message : batch) given.bodies.push_back(std::move(message.body));
    given_.push_back(std::move(given));
    changed_.notify_all();
    return true;
  }
  Offered offer(std::vector<Message>, Settled) override { return Offered::closed; }
  Result<std::optional<std::string>> checkpoint(std::string_view) const override {
    return std::optional<std::string>{};
  }

  void set(bool open, bool closed = false) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    closed_ = closed;
    changed_.notify_all();
  }
  void wait_until_entered(int times) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 20s, [&] { return entered_ >= times; }));
  }
  /// The batch of that number; waits for it.
  Given& given(std::size_t number) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 20s, [&] { return given_.size() > number; }));
    return given_.at(number);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Given> given_;
  int entered_ = 0;
  bool open_ = true;
  bool closed_ = false;
};

class KafkaFeeder : public ::testing::Test {
 protected:
  void add(const Partition& partition, std::int64_t offset) {
    std::vector<Message> messages(1);
    messages[0].body = to_string(partition) + "@" + std::to_string(offset);
    feeder_.add(partition, offset, 1, std::move(messages), 10);
  }

  HeldInlet inlet_;
  Feeder feeder_{inlet_, {.messages = 3, .bytes = 1000}};
};

TEST_F(KafkaFeeder, WhatComesWhileTwoBatchesAreUnderWayIsTheNextBatch) {
  feeder_.assign(kA, 0);
  feeder_.assign(kB, std::nullopt);
  add(kA, 0);
  auto& first = inlet_.given(0);
  ASSERT_EQ(first.checkpoint.entries.size(), 1U);
  EXPECT_EQ(first.checkpoint.entries[0].key, "a/0");
  EXPECT_EQ(first.checkpoint.entries[0].value, "1 1 0 1");
  add(kA, 1);
  auto& second = inlet_.given(1);
  EXPECT_THAT(second.checkpoint.entries, IsEmpty()) << "the first batch may yet fail";
  add(kB, 7);
  add(kA, 2);
  first.settled(Receipt{});
  auto& third = inlet_.given(2);
  EXPECT_THAT(third.bodies, ElementsAre("a/0@2", "b/0@7"));
  ASSERT_EQ(third.checkpoint.entries.size(), 1U);
  EXPECT_EQ(third.checkpoint.entries[0].key, "b/0");
  EXPECT_EQ(third.checkpoint.entries[0].value, "1 8 -1 1");
  third.settled(Receipt{});
  second.settled(Receipt{});
  ASSERT_TRUE(feeder_.wait_until_settled(20s));
  EXPECT_EQ(feeder_.to_commit().size(), 2U);
}

TEST_F(KafkaFeeder, ItIsFullWhileTheInletMakesItWait) {
  inlet_.set(false);
  feeder_.assign(kA, 0);
  add(kA, 0);
  inlet_.wait_until_entered(1);
  for (int offset = 1; offset <= 3; ++offset) add(kA, offset);
  EXPECT_TRUE(feeder_.full());
  EXPECT_FALSE(feeder_.wait_for_room(1ms, {}));
  inlet_.set(true);
  inlet_.given(0).settled(Receipt{});
  EXPECT_TRUE(feeder_.wait_for_room(20s, {}));
  inlet_.given(1).settled(Receipt{});
}

TEST_F(KafkaFeeder, WhatIsDiscardedIsNeitherStoredNorCovered) {
  inlet_.set(false);
  feeder_.assign(kA, 0);
  feeder_.assign(kB, 0);
  add(kA, 0);
  inlet_.wait_until_entered(1);
  add(kA, 1);
  add(kB, 0);
  feeder_.discard({kA});
  inlet_.set(true);
  inlet_.given(0).settled(Receipt{});
  auto& second = inlet_.given(1);
  EXPECT_THAT(second.bodies, ElementsAre("b/0@0"));
  ASSERT_EQ(second.checkpoint.entries.size(), 1U);
  EXPECT_EQ(second.checkpoint.entries[0].key, "b/0");
  second.settled(Receipt{});
  ASSERT_TRUE(feeder_.wait_until_settled(20s));
  const auto due = feeder_.to_commit();
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].next, 1) << "a/0@0 is on disk, a/0@1 is not";
}

TEST_F(KafkaFeeder, ARecordOfAPartitionThatWentIsNotTaken) {
  add(kA, 0);
  feeder_.assign(kB, 0);
  add(kB, 0);
  EXPECT_THAT(inlet_.given(0).bodies, ElementsAre("b/0@0"));
  inlet_.given(0).settled(Receipt{});
}

TEST_F(KafkaFeeder, ARecordWithoutAnEventIsCoveredToo) {
  feeder_.assign(kA, 0);
  feeder_.add(kA, 0, 1, {}, 0);
  EXPECT_THAT(inlet_.given(0).bodies, IsEmpty());
  inlet_.given(0).settled(Receipt{});
  ASSERT_TRUE(feeder_.wait_until_settled(20s));
  EXPECT_EQ(feeder_.to_commit().at(0).next, 1);
}

TEST_F(KafkaFeeder, AfterAFailureNothingMoreIsGiven) {
  feeder_.assign(kA, 0);
  add(kA, 0);
  auto& first = inlet_.given(0);
  add(kA, 1);
  auto& second = inlet_.given(1);
  add(kA, 2);
  first.settled(Error{Fault::retry, "the disk"});
  second.settled(Receipt{});
  ASSERT_TRUE(feeder_.wait_until_settled(20s));
  ASSERT_TRUE(feeder_.failure());
  EXPECT_EQ(feeder_.failure()->message, "the disk");
  EXPECT_THAT(feeder_.to_commit(), IsEmpty());
}

TEST_F(KafkaFeeder, WhenThePipelineClosesItSaysSo) {
  inlet_.set(true, true);
  feeder_.assign(kA, 0);
  add(kA, 0);
  ASSERT_TRUE(feeder_.wait_for_room(20s, {}));
  inlet_.wait_until_entered(1);
  ASSERT_TRUE(feeder_.wait_until_settled(20s));
  EXPECT_TRUE(feeder_.closed());
}

TEST_F(KafkaFeeder, TheGroupsOffsetIsMarkedAlsoWithoutRecords) {
  feeder_.assign(kA, 0);
  add(kA, 0);
  inlet_.given(0).settled(Receipt{});
  ASSERT_TRUE(feeder_.wait_until_settled(20s));
  feeder_.committed(kA, 1);
  feeder_.write_marks();
  auto& second = inlet_.given(1);
  EXPECT_THAT(second.bodies, IsEmpty());
  EXPECT_EQ(second.checkpoint.entries.at(0).value, "1 1 1 1");
  second.settled(Receipt{});
}

TEST_F(KafkaFeeder, AMarkThatIsDueIsWrittenWhenThePartitionGoes) {
  feeder_.assign(kA, 0);
  add(kA, 0);
  inlet_.given(0).settled(Receipt{});
  ASSERT_TRUE(feeder_.wait_until_settled(20s));
  feeder_.committed(kA, 1);
  feeder_.release({kA});
  auto& second = inlet_.given(1);
  EXPECT_EQ(second.checkpoint.entries.at(0).value, "1 1 1 1");
  second.settled(Receipt{});
}

TEST(KafkaFeederEnd, ABatchMaySettleAfterTheFeederIsGone) {
  HeldInlet inlet;
  {
    Feeder feeder(inlet, {});
    feeder.assign(kA, 0);
    feeder.add(kA, 0, 1, std::vector<Message>(1), 10);
    inlet.given(0);
  }
  inlet.given(0).settled(Receipt{});
}

}  // namespace
}  // namespace cdviz::sources::kafka
