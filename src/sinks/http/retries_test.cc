// When what failed is sent again within a write, and when the write is over.
#include "sinks/http/retries.h"

#include <gtest/gtest.h>

namespace cdviz::sinks::http {
namespace {

using namespace std::chrono_literals;

struct RetriesTest : ::testing::Test {
  static Error busy(std::optional<Retries::Pause> after = {}) {
    return {Fault::retry, "busy", "http_503", after};
  }
  bool fails(std::size_t index, std::size_t in_flight = 1) {
    return retries.again(index, busy(), in_flight, now);
  }
  Retries retries{1};
  Retries::Time now{1h};
};

TEST_F(RetriesTest, AFailureIsDueAgainAfterAShortPauseThatDoubles) {
  for (auto longest = 50ms; longest <= 200ms; longest *= 2) {
    ASSERT_TRUE(fails(7));
    const auto at = retries.next();
    ASSERT_TRUE(at);
    EXPECT_GE(*at - now, longest / 2);
    EXPECT_LE(*at - now, longest);
    EXPECT_FALSE(retries.due(*at - 1ms));
    EXPECT_EQ(retries.due(*at), 7U);
    EXPECT_FALSE(retries.next());
    now = *at;
    retries.answered();  // others get through
  }
  EXPECT_FALSE(fails(7)) << "a fourth time is not within this write";
}

TEST_F(RetriesTest, AnEndThatTakesNothingAtAllIsLeftToTheDispatcher) {
  EXPECT_TRUE(fails(0));
  EXPECT_TRUE(fails(1));
  EXPECT_FALSE(fails(2));
}

TEST_F(RetriesTest, AsManyFailuresAsWereInFlightAreOneTrouble) {
  for (std::size_t i = 0; i < 15; ++i) EXPECT_TRUE(fails(i, 16 - i)) << i;
  EXPECT_FALSE(fails(15, 1));
}

TEST_F(RetriesTest, OneSuccessBetweenThemShowsThatItIsAlive) {
  for (std::size_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(fails(i));
    retries.answered();
  }
}

TEST_F(RetriesTest, AShortRetryAfterHoldsEverythingALongOneEndsTheWrite) {
  ASSERT_TRUE(retries.again(0, busy(2s), 4, now));
  EXPECT_EQ(retries.not_before(), now + 2s);
  ASSERT_TRUE(retries.again(1, busy(0s), 4, now));
  EXPECT_EQ(retries.next(), now + 2s);
  EXPECT_FALSE(retries.again(2, busy(2001ms), 4, now));
}

TEST_F(RetriesTest, NothingIsDueBehindTheDeadline) {
  ASSERT_TRUE(fails(0));
  retries.answered();
  now += Retries::kDeadline - 51ms;
  ASSERT_TRUE(fails(1));
  retries.answered();
  now += 52ms;
  EXPECT_FALSE(fails(2));
}

TEST_F(RetriesTest, TheEarliestIsTakenFirst) {
  ASSERT_TRUE(retries.again(0, busy(1s), 9, now));
  ASSERT_TRUE(fails(1, 9));
  EXPECT_EQ(retries.due(now + 1s), 1U);
  EXPECT_EQ(retries.due(now + 1s), 0U);
  EXPECT_FALSE(retries.due(now + 1s));
}

}  // namespace
}  // namespace cdviz::sinks::http
