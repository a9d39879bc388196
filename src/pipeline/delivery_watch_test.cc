#include "pipeline/delivery_watch.h"

#include <future>

#include <gtest/gtest.h>

namespace cdviz::pipeline {
namespace {

using queue::Position;

struct DeliveryWatchTest : testing::Test {
  /// Waits for `position`; the answer comes into `answers`.
  void await(int position, const void* owner = nullptr) {
    watch.await(Position{position}, owner, [this, position](const Result<void>& result) {
      answers.push_back(std::to_string(position) + (result ? "" : " failed"));
    });
  }
  DeliveryWatch watch{3};
  std::vector<std::string> answers;
};

using Answers = std::vector<std::string>;

TEST_F(DeliveryWatchTest, TheSlowestSinkDecidesWhenABatchIsDelivered) {
  watch.add_sink("fast", Position{0});
  watch.add_sink("slow", Position{0});
  await(1);
  await(2);
  watch.delivered("fast", Position{2});
  EXPECT_EQ(answers, Answers{});
  watch.delivered("slow", Position{1});
  EXPECT_EQ(answers, Answers{"1"});
  watch.delivered("slow", Position{2});
  EXPECT_EQ(answers, (Answers{"1", "2"}));
}

TEST_F(DeliveryWatchTest, WhatEverySinkHasAlreadyIsAnsweredAtOnce) {
  watch.add_sink("out", Position{5});
  await(5);
  EXPECT_EQ(answers, Answers{"5"});
}

TEST_F(DeliveryWatchTest, WithoutSinksThereIsNobodyToWaitFor) {
  await(1);
  EXPECT_EQ(answers, Answers{"1"});
}

TEST_F(DeliveryWatchTest, ARemovedSinkIsNotWaitedFor) {
  watch.add_sink("out", Position{3});
  watch.add_sink("gone", Position{0});
  await(3);
  watch.remove_sink("gone");
  EXPECT_EQ(answers, Answers{"3"});
}

TEST_F(DeliveryWatchTest, ASinkThatIsNamedAgainDoesNotFallBack) {
  watch.add_sink("out", Position{3});
  watch.add_sink("out", Position{1});
  await(3);
  EXPECT_EQ(answers, Answers{"3"});
}

TEST_F(DeliveryWatchTest, CancelFailsOnlyTheWaitersOfOneOwner) {
  const int mine = 0, other = 0;
  watch.add_sink("out", Position{0});
  await(1, &mine);
  await(2, &other);
  watch.cancel(&mine);
  EXPECT_EQ(answers, Answers{"1 failed"});
  watch.delivered("out", Position{2});
  EXPECT_EQ(answers, (Answers{"1 failed", "2"}));
}

TEST_F(DeliveryWatchTest, CloseFailsThoseWhoWaitAndThoseWhoComeLater) {
  watch.add_sink("out", Position{0});
  await(1);
  watch.close();
  await(2);
  EXPECT_EQ(answers, (Answers{"1 failed", "2 failed"}));
}

TEST_F(DeliveryWatchTest, OnlySoManyMayWaitAndAPlaceComesBackWhenItIsGivenUp) {
  auto a = watch.reserve(false, {});
  const auto b = watch.reserve(false, {});
  const auto c = watch.reserve(false, {});
  EXPECT_TRUE(a && b && c);
  EXPECT_FALSE(watch.reserve(false, {}));
  a.reset();
  EXPECT_TRUE(watch.reserve(false, {}));
}

TEST_F(DeliveryWatchTest, AWaitForAPlaceEndsWithAPlaceOrWhenAskedToStop) {
  auto a = watch.reserve(false, {});
  const auto b = watch.reserve(false, {});
  auto c = watch.reserve(false, {});
  std::stop_source stop;
  auto waits =
      std::async(std::launch::async, [&] { return watch.reserve(true, stop.get_token()); });
  a.reset();
  a = waits.get();
  EXPECT_TRUE(a);
  waits = std::async(std::launch::async, [&] { return watch.reserve(true, stop.get_token()); });
  stop.request_stop();
  EXPECT_FALSE(waits.get());
}

}  // namespace
}  // namespace cdviz::pipeline
