#include "net/uri.h"

#include <gtest/gtest.h>

namespace cdviz::net {
namespace {

TEST(PercentDecoded, UndoesEscapesAndKeepsPlus) {
  EXPECT_EQ(percent_decoded("a%20b%2Fc+d%e2%82%ac"), "a b/c+d\xe2\x82\xac");
  EXPECT_EQ(percent_decoded(""), "");
}

TEST(PercentDecoded, RefusesABadEscape) {
  EXPECT_EQ(percent_decoded("%"), std::nullopt);
  EXPECT_EQ(percent_decoded("a%2"), std::nullopt);
  EXPECT_EQ(percent_decoded("%zz"), std::nullopt);
}

TEST(PercentEncoded, IsUndoneByDecoding) {
  const std::string text = "a b/c?d=e&f+g%\x80~.-_";
  EXPECT_EQ(percent_encoded(text), "a%20b%2Fc%3Fd%3De%26f%2Bg%25%80~.-_");
  EXPECT_EQ(percent_decoded(percent_encoded(text)), text);
}

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
