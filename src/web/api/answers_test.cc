#include "web/api/answers.h"

#include <gtest/gtest.h>

namespace cdviz::web::api {
namespace {

using namespace std::chrono_literals;

struct HandClock final : Clock {
  std::chrono::steady_clock::time_point now() const override { return time; }
  WallTime wall() const override { return {}; }
  bool wait(std::chrono::milliseconds, std::stop_token) const override { return true; }
  std::chrono::steady_clock::time_point time{1h};
};

TEST(Answers, AVersionIsBelievedForASecond) {
  HandClock clock;
  Answers answers(clock, 1000);
  EXPECT_FALSE(answers.version());
  answers.saw_version("a");
  EXPECT_EQ(answers.version(), "a");
  clock.time += 1s;
  EXPECT_EQ(answers.version(), "a");
  clock.time += 1ms;
  EXPECT_FALSE(answers.version());
}

TEST(Answers, AreRightForTheirVersionAlone) {
  HandClock clock;
  Answers answers(clock, 1000);
  answers.keep("key", "a", "body");
  EXPECT_EQ(answers.find("key", "a"), "body");
  EXPECT_FALSE(answers.find("key", "b"));
  EXPECT_FALSE(answers.find("other", "a"));
  answers.keep("key", "b", "new");
  EXPECT_FALSE(answers.find("key", "a"));
  EXPECT_EQ(answers.find("key", "b"), "new");
}

TEST(Answers, TheLongestUnusedGoesFirst) {
  HandClock clock;
  Answers answers(clock, 25);
  answers.keep("1", "v", std::string(8, 'x'));
  answers.keep("2", "v", std::string(8, 'x'));
  EXPECT_TRUE(answers.find("1", "v"));
  answers.keep("3", "v", std::string(8, 'x'));
  EXPECT_TRUE(answers.find("1", "v"));
  EXPECT_FALSE(answers.find("2", "v"));
  answers.keep("4", "v", std::string(100, 'x'));  // more than all: it is not kept
  EXPECT_FALSE(answers.find("4", "v"));
}

}  // namespace
}  // namespace cdviz::web::api
