#include <gtest/gtest.h>

#include "sources/kafka/mark.h"

namespace cdviz::sources::kafka {
namespace {

TEST(KafkaMark, IsReadAsItWasWritten) {
  const Mark mark{.next = 5'000'000'000, .committed = 4'999'999'000, .last = 0xfedcba9876543210};
  EXPECT_EQ(parse_mark(to_text(mark)), mark);
  EXPECT_EQ(to_text({.next = 7, .committed = -1, .last = 255}), "1 7 -1 ff");
}

TEST(KafkaMark, WhatItDidNotWriteIsNone) {
  for (const auto* text : {"", "1", "1 7", "1 7 -1", "2 7 -1 ff", "1 0 -1 ff", "1 7 -2 ff",
                           "1 7 -1 ff x", "1 x -1 ff", "7 -1 ff", "1 99999999999999999999 -1 ff"}) {
    EXPECT_FALSE(parse_mark(text)) << text;
  }
}

TEST(KafkaMark, ItsDigestNeverChangesBetweenVersions) {
  EXPECT_EQ(digest_of(1'700'000'000'000, "key", "value"), 7'716'389'467'239'764'885U);
}

TEST(KafkaMark, RecordsThatDifferHaveOtherDigests) {
  const std::string long_value(1000, 'x');
  EXPECT_NE(digest_of(1, "k", "v"), digest_of(2, "k", "v"));
  EXPECT_NE(digest_of(1, "k", "v"), digest_of(1, "kv", ""));
  EXPECT_NE(digest_of(1, "", long_value), digest_of(1, "", long_value + "x"));
  EXPECT_NE(digest_of(1, "", long_value + "a"), digest_of(1, "", long_value + "b"));
}

constexpr Mark kMark{.next = 5000, .committed = 4800, .last = 1};

TEST(KafkaStart, AfterACrashBetweenTheTwoCommitsOursCounts) {
  EXPECT_TRUE(own_mark_counts(4800, kMark, Reset::earliest));
  EXPECT_TRUE(own_mark_counts(4999, kMark, Reset::earliest));
}

TEST(KafkaStart, WhereAnotherMemberWentOnTheGroupCounts) {
  EXPECT_FALSE(own_mark_counts(5000, kMark, Reset::earliest));
  EXPECT_FALSE(own_mark_counts(7000, kMark, Reset::earliest));
}

TEST(KafkaStart, AnOffsetThatWasMovedBackIsObeyed) {
  EXPECT_FALSE(own_mark_counts(4799, kMark, Reset::earliest));
  EXPECT_FALSE(own_mark_counts(0, kMark, Reset::earliest));
}

TEST(KafkaStart, AGroupThatLostItsOffsetBeginsAnew) {
  EXPECT_FALSE(own_mark_counts(std::nullopt, kMark, Reset::earliest));
}

TEST(KafkaStart, NothingIsPassedOverWhereAnewMeansTheEnd) {
  EXPECT_TRUE(own_mark_counts(std::nullopt, kMark, Reset::latest));
}

TEST(KafkaStart, AGroupThatNeverHadAnOffsetGoesOnFromOurs) {
  EXPECT_TRUE(
      own_mark_counts(std::nullopt, {.next = 5, .committed = -1, .last = 1}, Reset::earliest));
}

TEST(KafkaProof, TheRecordBeforeTheMarkTellsWhichLogItIs) {
  EXPECT_EQ(prove(kMark, 4999, 1), Proof::same);
  EXPECT_EQ(prove(kMark, 4999, 2), Proof::another);
  EXPECT_EQ(prove(kMark, 5003, 1), Proof::unknown);
  EXPECT_EQ(prove(kMark, 17, 1), Proof::another);
}

}  // namespace
}  // namespace cdviz::sources::kafka
