#include "net/retry_after.h"

#include <gtest/gtest.h>

#include "net/http_date.h"

namespace cdviz::net {
namespace {

using namespace std::chrono_literals;

const WallTime kNow{std::chrono::seconds(784'111'770)};  // seven seconds before the RFC's example

TEST(RetryAfter, IsANumberOfSeconds) {
  EXPECT_EQ(read_retry_after("120", kNow), 120s);
  EXPECT_EQ(read_retry_after(" 0 ", kNow), 0s);
  EXPECT_EQ(read_retry_after("99999999999999999999", kNow), kRetryAfterMax);
  EXPECT_EQ(read_retry_after("900000", kNow), kRetryAfterMax);
}

TEST(RetryAfter, IsADateInEachOfTheThreeForms) {
  EXPECT_EQ(read_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kNow), 7s);
  EXPECT_EQ(read_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", kNow), 7s);
  EXPECT_EQ(read_retry_after("Sun Nov  6 08:49:37 1994", kNow), 7s);
  EXPECT_EQ(read_retry_after(http_date(kNow + 90s), kNow), 90s);
}

TEST(RetryAfter, ADateThatIsOverMeansAtOnceAndOneFarAwayADay) {
  EXPECT_EQ(read_retry_after(http_date(kNow - 90s), kNow), 0s);
  EXPECT_EQ(read_retry_after(http_date(kNow + 10'000h), kNow), kRetryAfterMax);
}

TEST(RetryAfter, WhatIsNeitherSaysNothing) {
  for (const auto* value : {"", " ", "-5", "1.5", "soon", "Soon", "12:00", "5 seconds", "Sun",
                            "Sun, 99 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(read_retry_after(value, kNow)) << value;
  }
  EXPECT_FALSE(read_retry_after("Sun, " + std::string(1000, '0'), kNow));
}

}  // namespace
}  // namespace cdviz::net
