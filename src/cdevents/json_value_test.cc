#include "cdevents/json_value.h"

#include <string>

#include <gtest/gtest.h>

namespace cdviz::cdevents {
namespace {

/// Two values at once: an array of them.
struct Pair {
  explicit Pair(const std::string& a, const std::string& b) {
    const auto array = parser.parse("[" + a + "," + b + "]").get_array().value();
    first = array.at(0).value();
    second = array.at(1).value();
  }
  simdjson::dom::parser parser;
  simdjson::dom::element first, second;
};

bool is_equal(const std::string& a, const std::string& b) {
  const Pair pair(a, b);
  std::size_t steps = 0;
  const bool same = equal(pair.first, pair.second, steps);
  EXPECT_EQ(same, equal(pair.second, pair.first, steps));
  if (same) {
    EXPECT_EQ(hash_of(pair.first, steps), hash_of(pair.second, steps)) << a << " " << b;
  }
  EXPECT_GE(steps, 2U);
  return same;
}

TEST(JsonValue, EqualIsWhatJsonSchemaCallsEqual) {
  EXPECT_TRUE(is_equal("1", "1.0"));
  EXPECT_TRUE(is_equal("0", "-0.0"));
  EXPECT_TRUE(is_equal("1e3", "1000"));
  EXPECT_TRUE(is_equal(R"({"a":1,"b":[null,"x"]})", R"({"b":[null,"x"],"a":1.0})"));
  EXPECT_TRUE(is_equal(R"("é")", R"("\u00e9")"));
  EXPECT_TRUE(is_equal(R"({"a":1,"a":2})", R"({"a":2})")) << "the last counts";
  EXPECT_TRUE(is_equal("18446744073709551615", "18446744073709551615"));
  EXPECT_FALSE(is_equal("1", "true"));
  EXPECT_FALSE(is_equal("0", "null"));
  EXPECT_FALSE(is_equal("1", R"("1")"));
  EXPECT_FALSE(is_equal("[1,2]", "[2,1]"));
  EXPECT_FALSE(is_equal("[1]", "[1,1]"));
  EXPECT_FALSE(is_equal("[]", "{}"));
  EXPECT_FALSE(is_equal(R"({"a":1})", R"({"a":1,"b":1})"));
  EXPECT_FALSE(is_equal(R"({"a":1})", R"({"b":1})"));
  EXPECT_FALSE(is_equal("9007199254740993", "9007199254740992.0"))
      << "as doubles they would be the same";
}

int compared(const std::string& a, const std::string& b) {
  const Pair pair(a, b);
  const auto order = compare_numbers(pair.first, pair.second);
  const auto back = compare_numbers(pair.second, pair.first);
  EXPECT_EQ(order<0, back> 0);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

TEST(JsonValue, NumbersAreComparedExactlyWhateverTheirType) {
  EXPECT_EQ(compared("1", "2"), -1);
  EXPECT_EQ(compared("-1", "1"), -1);
  EXPECT_EQ(compared("-2", "-1"), -1);
  EXPECT_EQ(compared("-9223372036854775808", "18446744073709551615"), -1);
  EXPECT_EQ(compared("18446744073709551615", "18446744073709551616.0"), -1);
  EXPECT_EQ(compared("9007199254740993", "9007199254740992.0"), 1);
  EXPECT_EQ(compared("-9007199254740993", "-9007199254740992.0"), -1);
  EXPECT_EQ(compared("1", "1.5"), -1);
  EXPECT_EQ(compared("-1", "-1.5"), 1);
  EXPECT_EQ(compared("-1", "1e300"), -1);
  EXPECT_EQ(compared("1", "-1e300"), 1);
  EXPECT_EQ(compared("2.5", "2.5"), 0);
}

bool multiple(const std::string& value, const std::string& factor) {
  const Pair pair(value, factor);
  return is_multiple_of(pair.first, pair.second);
}

TEST(JsonValue, AMultipleIsTakenInDecimals) {
  EXPECT_TRUE(multiple("0.3", "0.1"));
  EXPECT_TRUE(multiple("0.0075", "0.0001"));
  EXPECT_FALSE(multiple("0.00751", "0.0001"));
  EXPECT_TRUE(multiple("4.5", "1.5"));
  EXPECT_FALSE(multiple("35", "1.5"));
  EXPECT_TRUE(multiple("-10", "2"));
  EXPECT_FALSE(multiple("-7", "2"));
  EXPECT_TRUE(multiple("0", "7"));
  EXPECT_TRUE(multiple("0.0", "7"));
  EXPECT_TRUE(multiple("1e300", "1e-300"));
  EXPECT_FALSE(multiple("1e-300", "1e300"));
  EXPECT_TRUE(multiple("18446744073709551615", "5"));
  EXPECT_FALSE(multiple("18446744073709551615", "2"));
}

TEST(JsonValue, AnIntegerIsANumberWithoutAFraction) {
  const auto integer = [](const std::string& text) {
    const Pair pair(text, "0");
    return is_integer(pair.first);
  };
  EXPECT_TRUE(integer("1"));
  EXPECT_TRUE(integer("1.0"));
  EXPECT_TRUE(integer("-1e3"));
  EXPECT_TRUE(integer("18446744073709551615"));
  EXPECT_FALSE(integer("1.5"));
  EXPECT_FALSE(integer("1e-3"));
  EXPECT_FALSE(integer(R"("1")"));
  EXPECT_FALSE(integer("true"));
}

}  // namespace
}  // namespace cdviz::cdevents
