// Who may go next, and when the circuit is open.
#include "sinks/http/lanes.h"

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "sinks/http/breaker.h"

namespace cdviz::sinks::http {
namespace {

TEST(Lanes, OneSubjectGoesOneByOneAndOthersBeside) {
  Lanes lanes;
  lanes.add(0, "a");
  lanes.add(1, "a");
  lanes.add(2, "b");
  EXPECT_EQ(lanes.next(), 0U);
  EXPECT_EQ(lanes.next(), 2U);
  EXPECT_EQ(lanes.next(), std::nullopt);  // 1 waits for 0
  lanes.done(2);
  EXPECT_EQ(lanes.next(), std::nullopt);
  lanes.done(0);
  EXPECT_EQ(lanes.next(), 1U);
  lanes.done(1);
  EXPECT_EQ(lanes.next(), std::nullopt);
}

TEST(Lanes, TheOldestGoesFirst) {
  Lanes lanes;
  lanes.add(3, "a");
  lanes.add(4, "b");
  lanes.add(5, "a");
  lanes.add(6, "c");
  EXPECT_EQ(lanes.next(), 3U);
  lanes.done(3);
  EXPECT_EQ(lanes.next(), 4U);
  EXPECT_EQ(lanes.next(), 5U);
  EXPECT_EQ(lanes.next(), 6U);
}

TEST(Lanes, WhatIsNeverDoneHoldsBackItsOwnSubjectAlone) {
  Lanes lanes;
  for (std::size_t i = 0; i < 10; ++i) lanes.add(i, i % 2 == 0 ? "bad" : "good");
  EXPECT_EQ(lanes.next(), 0U);
  for (std::size_t i = 1; i < 10; i += 2) {
    EXPECT_EQ(lanes.next(), i);
    EXPECT_EQ(lanes.next(), std::nullopt);
    lanes.done(i);
  }
  EXPECT_EQ(lanes.next(), std::nullopt);
}

TEST(Lanes, AnyMixtureKeepsEachOrderAndLosesNothing) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same every time
  std::vector<std::string> subjects(500);
  for (auto& subject : subjects) subject = std::to_string(random() % 20);
  Lanes lanes;
  for (std::size_t i = 0; i < subjects.size(); ++i) lanes.add(i, subjects[i]);
  std::vector<std::size_t> under_way, ended;
  std::map<std::string, std::size_t> last;
  while (ended.size() < subjects.size()) {
    if (const auto next = under_way.size() < 8 ? lanes.next() : std::nullopt) {
      for (const auto other : under_way) EXPECT_NE(subjects[other], subjects[*next]);
      const auto before = last.find(subjects[*next]);
      if (before != last.end()) {
        EXPECT_LT(before->second, *next);
      }
      last[subjects[*next]] = *next;
      under_way.push_back(*next);
      continue;
    }
    ASSERT_FALSE(under_way.empty());
    const auto at = static_cast<std::ptrdiff_t>(random() % under_way.size());
    lanes.done(under_way[static_cast<std::size_t>(at)]);
    ended.push_back(under_way[static_cast<std::size_t>(at)]);
    under_way.erase(under_way.begin() + at);
  }
  EXPECT_EQ(lanes.next(), std::nullopt);
}

TEST(Breaker, OpensAfterFailuresInARowAndClosesWithOneAnswer) {
  Breaker breaker;
  for (int i = 0; i + 1 < Breaker::kFailures; ++i) breaker.failed();
  EXPECT_FALSE(breaker.open());
  breaker.answered();
  for (int i = 0; i + 1 < Breaker::kFailures; ++i) breaker.failed();
  EXPECT_FALSE(breaker.open());
  breaker.failed();
  EXPECT_TRUE(breaker.open());
  breaker.failed();
  EXPECT_TRUE(breaker.open());
  breaker.answered();
  EXPECT_FALSE(breaker.open());
}

}  // namespace
}  // namespace cdviz::sinks::http
