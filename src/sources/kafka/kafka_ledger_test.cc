#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/kafka/ledger.h"

namespace cdviz::sources::kafka {
namespace {

using ::testing::IsEmpty;

const Partition kA{"a", 0};
const Partition kB{"b", 3};

/// What may be committed, as "topic/partition=next" in order.
std::vector<std::string> due(const Ledger& ledger) {
  std::vector<std::string> all;
  for (const auto& [partition, next] : ledger.to_commit()) {
    all.push_back(to_string(partition) + "=" + std::to_string(next));
  }
  return all;
}

void read(Ledger& ledger, const Partition& partition, std::int64_t first, std::int64_t last) {
  for (std::int64_t offset = first; offset <= last; ++offset) {
    EXPECT_TRUE(ledger.read(partition, offset, static_cast<std::uint64_t>(offset) + 1));
  }
}

TEST(KafkaLedger, NothingIsCommittedBeforeItIsOnDisk) {
  Ledger ledger;
  ledger.assign(kA, 10);
  read(ledger, kA, 10, 14);
  EXPECT_THAT(due(ledger), IsEmpty());
  const auto flight = ledger.take();
  EXPECT_THAT(due(ledger), IsEmpty());
  ledger.stored(flight);
  EXPECT_THAT(due(ledger), ::testing::ElementsAre("a/0=15"));
  ledger.committed(kA, 15);
  EXPECT_THAT(due(ledger), IsEmpty());
}

TEST(KafkaLedger, WhatIsStoredBehindAHoleWaitsUntilTheHoleIsFilled) {
  Ledger ledger;
  ledger.assign(kA, 0);
  read(ledger, kA, 0, 4);
  const auto first = ledger.take();
  read(ledger, kA, 5, 9);
  const auto second = ledger.take();
  read(ledger, kA, 10, 10);
  const auto third = ledger.take();
  ledger.stored(third);
  ledger.stored(second);
  EXPECT_THAT(due(ledger), IsEmpty()) << "0 to 4 are not on disk";
  ledger.stored(first);
  EXPECT_THAT(due(ledger), ::testing::ElementsAre("a/0=11"));
}

TEST(KafkaLedger, OffsetsThatAreNoRecordsAreNoHoles) {
  Ledger ledger;
  ledger.assign(kA, 0);
  ledger.read(kA, 3, 1);
  ledger.read(kA, 90, 1);
  ledger.stored(ledger.take());
  EXPECT_THAT(due(ledger), ::testing::ElementsAre("a/0=91"));
}

TEST(KafkaLedger, EachPartitionGoesItsOwnWay) {
  Ledger ledger;
  ledger.assign(kA, std::nullopt);
  ledger.assign(kB, 100);
  read(ledger, kA, 7, 7);
  const auto first = ledger.take();
  read(ledger, kB, 100, 101);
  const auto second = ledger.take();
  ledger.stored(second);
  EXPECT_THAT(due(ledger), ::testing::ElementsAre("b/3=102"));
  ledger.stored(first);
  EXPECT_THAT(due(ledger), ::testing::ElementsAre("a/0=8", "b/3=102"));
}

TEST(KafkaLedger, APartitionThatLeftAndCameBackIsNotMovedByWhatWasUnderWayBefore) {
  Ledger ledger;
  ledger.assign(kA, 0);
  read(ledger, kA, 0, 9);
  const auto before = ledger.take();
  ledger.release(kA);
  EXPECT_FALSE(ledger.read(kA, 10, 1));
  ledger.stored(before);
  EXPECT_THAT(due(ledger), IsEmpty());
  ledger.assign(kA, 5);
  read(ledger, kA, 5, 6);
  ledger.stored(before);
  EXPECT_THAT(due(ledger), IsEmpty()) << "5 and 6 of this stay are not on disk";
  ledger.stored(ledger.take());
  EXPECT_THAT(due(ledger), ::testing::ElementsAre("a/0=7"));
}

TEST(KafkaLedger, WhatIsDiscardedBeforeAPartitionGoesIsNeverCovered) {
  Ledger ledger;
  ledger.assign(kA, 0);
  read(ledger, kA, 0, 4);
  const auto under_way = ledger.take();
  read(ledger, kA, 5, 9);
  ledger.stop_reading(kA);
  EXPECT_FALSE(ledger.has_something(true));
  EXPECT_FALSE(ledger.read(kA, 10, 1));
  EXPECT_THAT(ledger.take().parts, IsEmpty());
  ledger.stored(under_way);
  EXPECT_THAT(due(ledger), ::testing::ElementsAre("a/0=5"));
}

TEST(KafkaLedger, TheMarkSaysWhatIsCoveredAndWhatTheGroupHas) {
  Ledger ledger;
  ledger.assign(kA, 4);
  read(ledger, kA, 4, 6);
  const auto flight = ledger.take();
  ASSERT_EQ(flight.parts.size(), 1U);
  EXPECT_EQ(flight.parts[0].mark, (Mark{.next = 7, .committed = 4, .last = 7}));
  EXPECT_FALSE(ledger.has_something(true)) << "nothing more until something happens";
}

TEST(KafkaLedger, AMarkOfItsOwnTellsWhatTheGroupHasByNow) {
  Ledger ledger;
  ledger.assign(kA, 4);
  read(ledger, kA, 4, 6);
  ledger.stored(ledger.take());
  ledger.committed(kA, 7);
  EXPECT_FALSE(ledger.has_something(false));
  EXPECT_TRUE(ledger.has_something(true));
  EXPECT_EQ(ledger.due_mark(kA), (Mark{.next = 7, .committed = 7, .last = 7}));
  const auto flight = ledger.take();
  ASSERT_EQ(flight.parts.size(), 1U);
  EXPECT_EQ(flight.parts[0].mark, (Mark{.next = 7, .committed = 7, .last = 7}));
  ledger.stored(flight);
  EXPECT_FALSE(ledger.has_something(true));
  EXPECT_FALSE(ledger.due_mark(kA));
}

TEST(KafkaLedger, AMarkNeverReliesOnAnotherFlightThatMayFail) {
  Ledger ledger;
  ledger.assign(kA, 0);
  read(ledger, kA, 0, 4);
  const auto first = ledger.take();
  EXPECT_EQ(first.parts.at(0).mark, (Mark{.next = 5, .committed = 0, .last = 5}));
  read(ledger, kA, 5, 9);
  const auto second = ledger.take();
  EXPECT_FALSE(second.parts.at(0).mark) << "0 to 4 may not come to the disk";
  ledger.stored(first);
  read(ledger, kA, 10, 14);
  ledger.committed(kA, 5);
  const auto third = ledger.take();
  EXPECT_EQ(third.parts.at(0).mark, (Mark{.next = 5, .committed = 5, .last = 5}));
  ledger.stored(third);
  EXPECT_FALSE(ledger.has_something(true)) << "5 to 9 are under way";
  ledger.stored(second);
  EXPECT_EQ(ledger.due_mark(kA), (Mark{.next = 15, .committed = 5, .last = 15}));
}

TEST(KafkaLedger, APlaceWhereNothingWasCommittedIsToldToTheGroup) {
  Ledger ledger;
  ledger.assign(kA, std::nullopt);
  ledger.placed_at(kA, 0);
  EXPECT_THAT(due(ledger), ::testing::ElementsAre("a/0=0"));
  ledger.committed(kA, 0);
  EXPECT_THAT(due(ledger), IsEmpty());
}

TEST(KafkaLedger, ALogThatBeginsAgainIsCommittedFromItsBeginning) {
  Ledger ledger;
  ledger.assign(kA, 5000);
  read(ledger, kA, 5000, 5004);
  ledger.stored(ledger.take());
  ledger.committed(kA, 5005);
  read(ledger, kA, 0, 2);
  ledger.stored(ledger.take());
  EXPECT_THAT(due(ledger), ::testing::ElementsAre("a/0=3"));
}

}  // namespace
}  // namespace cdviz::sources::kafka
