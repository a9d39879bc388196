#include "pipeline/backoff.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "pipeline/reject_guard.h"

namespace cdviz::pipeline {
namespace {

using namespace std::chrono_literals;

/// The longest of many pauses after `tries` failures.
Backoff::Pause longest_pause_after(unsigned tries) {
  Backoff::Pause longest{0};
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    Backoff backoff(seed);
    for (unsigned i = 0; i < tries; ++i) backoff.next();
    longest = std::max(longest, backoff.next());
  }
  return longest;
}

TEST(Backoff, ThePauseDoublesFrom100MillisecondsUpTo30Seconds) {
  EXPECT_LE(longest_pause_after(0), 100ms);
  EXPECT_GT(longest_pause_after(0), 80ms);
  EXPECT_LE(longest_pause_after(1), 200ms);
  EXPECT_GT(longest_pause_after(1), 160ms);
  EXPECT_LE(longest_pause_after(8), 25'600ms);
  EXPECT_GT(longest_pause_after(8), 20'000ms);
  EXPECT_LE(longest_pause_after(100), 30s);
  EXPECT_GT(longest_pause_after(100), 24s);
}

TEST(Backoff, TheJitterIsFullSoThatManyCollectorsSpreadOut) {
  std::set<Backoff::Pause> pauses;
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    Backoff backoff(seed);
    for (int i = 0; i < 10; ++i) backoff.next();
    pauses.insert(backoff.next());
  }
  EXPECT_GT(pauses.size(), 90U);
  EXPECT_LT(*pauses.begin(), 3s);
}

TEST(Backoff, WhatTheOtherEndAsksForIsTheLeastAndAtMostTenMinutes) {
  Backoff backoff(1);
  EXPECT_EQ(backoff.next(45s), 45s);
  EXPECT_EQ(backoff.next(24h), 10min);
  EXPECT_LE(backoff.next(0ms), 400ms);
}

TEST(Backoff, AfterASuccessItStartsAgainFromTheShortPause) {
  Backoff backoff(7);
  for (int i = 0; i < 20; ++i) backoff.next();
  EXPECT_EQ(backoff.tries(), 20U);
  backoff.reset();
  EXPECT_EQ(backoff.tries(), 0U);
  EXPECT_LE(backoff.next(), 100ms);
}

struct RejectGuardTest : testing::Test {
  RejectGuard guard;
  RejectGuard::Moment now{1h};
};

TEST_F(RejectGuardTest, AHundredRejectsInARowAreAllowedAndTheNextIsNot) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(guard.allow(now));
  EXPECT_FALSE(guard.tripped());
  EXPECT_FALSE(guard.allow(now));
  EXPECT_TRUE(guard.tripped());
}

TEST_F(RejectGuardTest, ADeliveryBetweenRejectsStartsTheCountAgain) {
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 100; ++j) ASSERT_TRUE(guard.allow(now));
    guard.delivered();
  }
}

TEST_F(RejectGuardTest, MoreThanAThousandRejectsAMinuteAreTooManyEvenWithDeliveriesBetween) {
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(guard.allow(now));
    guard.delivered();
  }
  EXPECT_FALSE(guard.allow(now));
}

TEST_F(RejectGuardTest, TheThousandAreCountedByTheMinute) {
  for (int i = 0; i < 3000; ++i) {
    ASSERT_TRUE(guard.allow(now));
    guard.delivered();
    now += 61ms;
  }
}

TEST_F(RejectGuardTest, ADeliveryMakesATrippedGuardWholeAgain) {
  while (guard.allow(now)) {
  }
  guard.delivered();
  EXPECT_FALSE(guard.tripped());
  EXPECT_TRUE(guard.allow(now));
}

}  // namespace
}  // namespace cdviz::pipeline
