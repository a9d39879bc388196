#include <gtest/gtest.h>

#include "sources/nats/pull_answer.h"
#include "sources/nats/pulls.h"

namespace cdviz::sources::nats {
namespace {

using namespace std::chrono_literals;
const Pulls::Time kStart{};

TEST(Pulls, MessagesFillTheOldestRequestFirst) {
  Pulls pulls;
  EXPECT_EQ(pulls.add(2, kStart), 1U);
  EXPECT_EQ(pulls.add(3, kStart), 2U);
  EXPECT_TRUE(pulls.full());
  EXPECT_EQ(pulls.outstanding(), 5U);
  pulls.arrived(kStart);
  pulls.arrived(kStart);
  EXPECT_FALSE(pulls.full());
  EXPECT_EQ(pulls.outstanding(), 3U);
  pulls.ended(1, kStart);  // is over already
  pulls.ended(2, kStart);
  EXPECT_TRUE(pulls.empty());
  pulls.arrived(kStart);  // nobody asked: it is no reason to count below zero
  EXPECT_EQ(pulls.outstanding(), 0U);
}

TEST(Pulls, SilenceIsMeasuredFromTheLastSignAndOnlyWhileSomethingIsOwed) {
  Pulls pulls;
  EXPECT_FALSE(pulls.silent(kStart + 1h));
  pulls.add(1, kStart + 1h);
  EXPECT_FALSE(pulls.silent(kStart + 1h + Pulls::kSilence));
  EXPECT_TRUE(pulls.silent(kStart + 1h + Pulls::kSilence + 1ms));
  pulls.stands(kStart + 1h + 2s);
  EXPECT_FALSE(pulls.silent(kStart + 1h + 2s + Pulls::kSilence));
  pulls.clear();
  EXPECT_FALSE(pulls.silent(kStart + 9h));
}

TEST(Pulls, ARequestSaysHowManyHowLongAndHowLarge) {
  EXPECT_EQ(Pulls::request(7, 0),
            R"({"batch":7,"expires":30000000000,"idle_heartbeat":2000000000})");
  EXPECT_EQ(Pulls::request(7, 10),
            R"({"batch":7,"expires":30000000000,"idle_heartbeat":2000000000,"max_bytes":10})");
  EXPECT_EQ(Pulls::request(7, 0, 1s),
            R"({"batch":7,"expires":1000000000,"idle_heartbeat":500000000})");
}

TEST(PullAnswer, EachStatusHasOneMeaning) {
  EXPECT_EQ(meaning_of(100, "Idle Heartbeat"), PullAnswer::heartbeat);
  EXPECT_EQ(meaning_of(404, "No Messages"), PullAnswer::ended);
  EXPECT_EQ(meaning_of(408, "Request Timeout"), PullAnswer::ended);
  EXPECT_EQ(meaning_of(409, "Batch Completed"), PullAnswer::ended);
  EXPECT_EQ(meaning_of(409, "Message Size Exceeds MaxBytes"), PullAnswer::too_large);
  EXPECT_EQ(meaning_of(409, "Exceeded MaxWaiting"), PullAnswer::pause);
  EXPECT_EQ(meaning_of(409, "Leadership Change"), PullAnswer::pause);
  EXPECT_EQ(meaning_of(409, "Server Shutdown"), PullAnswer::pause);
  EXPECT_EQ(meaning_of(409, "Consumer Deleted"), PullAnswer::look_again);
  EXPECT_EQ(meaning_of(409, "Consumer is push based"), PullAnswer::look_again);
  EXPECT_EQ(meaning_of(409, "Exceeded MaxRequestBatch of 10"), PullAnswer::look_again);
  EXPECT_EQ(meaning_of(503, ""), PullAnswer::look_again);
  EXPECT_EQ(meaning_of(400, "Bad Request"), PullAnswer::pause);
  EXPECT_EQ(meaning_of(0, ""), PullAnswer::pause);
}

}  // namespace
}  // namespace cdviz::sources::nats
