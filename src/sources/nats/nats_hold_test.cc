#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/nats/hold.h"

namespace cdviz::sources::nats {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

const Held::Time kStart{};

bool add(Hold& hold, std::uint64_t sequence, const std::string& body = "x",
         Held::Time at = kStart) {
  return hold.add({.subject = "s", .reply = "r" + std::to_string(sequence), .body = body},
                  {.stream = "S", .consumer = "c", .delivered = 1, .sequence = sequence}, at);
}

std::vector<std::uint64_t> sequences(std::span<const Held> batch) {
  std::vector<std::uint64_t> all;
  for (const Held& held : batch) all.push_back(held.delivery.sequence);
  return all;
}

TEST(Hold, ABatchIsTheOldestInTheirOrder) {
  Hold hold;
  for (std::uint64_t i = 1; i <= 5; ++i) EXPECT_TRUE(add(hold, i));
  EXPECT_THAT(sequences(hold.begin_batch(3, 1000)), ElementsAre(1, 2, 3));
  EXPECT_TRUE(hold.begin_batch(3, 1000).empty()) << "one at a time";
  add(hold, 6);
  hold.return_batch();
  EXPECT_THAT(sequences(hold.begin_batch(10, 1000)), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(hold.end_batch().size(), 6U);
  EXPECT_EQ(hold.size(), 0U);
  EXPECT_EQ(hold.bytes(), 0U);
}

TEST(Hold, WhatABatchHasNoRoomForWaitsBeforeTheRest) {
  Hold hold;
  for (std::uint64_t i = 1; i <= 5; ++i) add(hold, i);
  static_cast<void>(hold.begin_batch(4, 1000));
  hold.shorten_batch(9);
  hold.shorten_batch(2);
  EXPECT_EQ(hold.waiting(), 3U);
  hold.end_batch();
  EXPECT_THAT(sequences(hold.begin_batch(10, 1000)), ElementsAre(3, 4, 5));
}

TEST(Hold, ABatchEndsAtItsBytesAndHasOneAtLeast) {
  Hold hold;
  add(hold, 1, std::string(100, 'x'));
  add(hold, 2, std::string(5, 'x'));
  add(hold, 3, std::string(6, 'x'));
  EXPECT_THAT(sequences(hold.begin_batch(10, 10)), ElementsAre(1));
  hold.end_batch();
  EXPECT_THAT(sequences(hold.begin_batch(10, 10)), ElementsAre(2));
}

TEST(Hold, AMessageThatComesAgainIsHeldOnceWithItsNewAnswerAddress) {
  Hold hold;
  add(hold, 1);
  add(hold, 2);
  static_cast<void>(hold.begin_batch(1, 1000));
  EXPECT_FALSE(hold.add({.subject = "s", .reply = "again", .body = "x"},
                        {.stream = "S", .consumer = "c", .delivered = 2, .sequence = 1}, kStart));
  EXPECT_EQ(hold.size(), 2U);
  const auto batch = hold.end_batch();
  EXPECT_EQ(batch.at(0).incoming.reply, "again");
  EXPECT_TRUE(add(hold, 1)) << "it was settled: what comes now is another delivery";
}

TEST(Hold, WhoeverWaitsIsToldOfAgainAfterTheInterval) {
  Hold hold;
  add(hold, 1, "x", kStart);
  static_cast<void>(hold.begin_batch(1, 1000));
  add(hold, 2, "x", kStart + 5s);
  EXPECT_THAT(hold.untold(kStart + 9s, 10s), ElementsAre());
  EXPECT_THAT(hold.untold(kStart + 10s, 10s), ElementsAre("r1"));
  EXPECT_THAT(hold.untold(kStart + 15s, 10s), ElementsAre("r2"));
  EXPECT_THAT(hold.untold(kStart + 20s, 10s), ElementsAre("r1"));
}

TEST(Hold, OfAnotherConsumerTheSameSequenceIsAnotherMessage) {
  Hold hold;
  add(hold, 1, "old");
  static_cast<void>(hold.begin_batch(1, 1000));
  add(hold, 2, "old");
  hold.orphan();
  EXPECT_TRUE(add(hold, 1, "new"));
  EXPECT_TRUE(add(hold, 2, "new"));
  const auto batch = hold.end_batch();
  EXPECT_EQ(batch.at(0).incoming.reply, "") << "nobody wants an answer";
  EXPECT_THAT(hold.untold(kStart + 1h, 1s), ElementsAre("r1", "r2"));
  EXPECT_FALSE(add(hold, 1, "new"));
  EXPECT_EQ(hold.release().size(), 3U);
  EXPECT_EQ(hold.bytes(), 0U);
}

}  // namespace
}  // namespace cdviz::sources::nats
