#include <gtest/gtest.h>

#include "core/clock.h"
#include "core/event.h"
#include "core/headers.h"

namespace cdviz {
namespace {

TEST(Headers, NamesCompareWithoutCaseAndTheLastValueWins) {
  Headers headers{{"X-A", "1"}, {"x-a", "2"}};
  EXPECT_EQ(headers.find("X-a"), "2");
  EXPECT_EQ(headers.find("X-B"), std::nullopt);
  headers.set("X-A", "3");
  EXPECT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers.find("x-a"), "3");
}

TEST(SplitType, KeepsEverythingAfterThePredicateAsVersion) {
  const auto parts = split_type("dev.cdevents.service.deployed.0.4.0-draft");
  EXPECT_EQ(parts.prefix, "dev.cdevents");
  EXPECT_EQ(parts.subject, "service");
  EXPECT_EQ(parts.predicate, "deployed");
  EXPECT_EQ(parts.version, "0.4.0-draft");
}

TEST(SplitType, OtherFamiliesAreSplitInTheSameWay) {
  const auto parts = split_type("com.example.probes.ping.0.1.0");
  EXPECT_EQ(parts.prefix, "com.example");
  EXPECT_EQ(parts.subject, "probes");
  EXPECT_EQ(parts.predicate, "ping");
  EXPECT_EQ(parts.version, "0.1.0");
}

TEST(SplitType, WhatIsNotThereIsEmpty) {
  EXPECT_EQ(split_type("").prefix, "");
  EXPECT_EQ(split_type("dev").prefix, "");
  EXPECT_EQ(split_type("dev.").prefix, "");
  EXPECT_EQ(split_type("com.example.x").predicate, "");
  EXPECT_EQ(split_type("dev.cdevents").subject, "");
}

TEST(SystemClock, AWaitEndsWhenItIsAskedToStop) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(SystemClock{}.wait(std::chrono::hours(1), stop.get_token()));
}

}  // namespace
}  // namespace cdviz
