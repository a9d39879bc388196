#include "net/uri.h"

#include <gtest/gtest.h>

namespace cdviz::net {
namespace {

TEST(QueryParameter, FindsTheFirstOfThatNameDecoded) {
  EXPECT_EQ(query_parameter("x=1&access_token=a%2Bb+c&access_token=2", "access_token"), "a+b c");
  EXPECT_EQ(query_parameter("access%5Ftoken=1", "access_token"), "1");
  EXPECT_EQ(query_parameter("a&b=2", "a"), "");
  EXPECT_EQ(query_parameter("a=b=c", "a"), "b=c");
}

TEST(QueryParameter, IsNothingWhenAbsentOrBadlyEscaped) {
  EXPECT_EQ(query_parameter("", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("&&aa=1&", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("a=%2", "a"), std::nullopt);
}

}  // namespace
}  // namespace cdviz::net
