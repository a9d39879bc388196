#include "web/api/answers.h"

#include <gtest/gtest.h>

namespace cdviz::web::api {
namespace {

TEST(Answers, AreRightForTheirVersionAlone) {
  Answers answers(1000);
  answers.keep("key", "a", "body");
  EXPECT_EQ(answers.find("key", "a"), "body");
  EXPECT_FALSE(answers.find("key", "b"));
  EXPECT_FALSE(answers.find("other", "a"));
  answers.keep("key", "b", "new");
  EXPECT_FALSE(answers.find("key", "a"));
  EXPECT_EQ(answers.find("key", "b"), "new");
}

TEST(Answers, TheLongestUnusedGoesFirst) {
  Answers answers(25);
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
