#include "config/units.h"

#include <gtest/gtest.h>

namespace cdviz::config {
namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, TakesANumberWithAUnit) {
  EXPECT_EQ(parse_duration("250ms"), milliseconds{250});
  EXPECT_EQ(parse_duration("10s"), milliseconds{10'000});
  EXPECT_EQ(parse_duration("5m"), milliseconds{300'000});
  EXPECT_EQ(parse_duration("2h"), milliseconds{7'200'000});
  EXPECT_EQ(parse_duration("1d"), milliseconds{86'400'000});
  EXPECT_EQ(parse_duration("0s"), milliseconds{0});
}

TEST(ParseDuration, AddsSeveral) {
  EXPECT_EQ(parse_duration("1h30m"), milliseconds{5'400'000});
  EXPECT_EQ(parse_duration("1h 30m"), milliseconds{5'400'000});
}

TEST(ParseDuration, WantsAUnitAndNothingElse) {
  for (const auto* text : {"", "10", "s", "-1s", "1.5s", "10 ", "10s ", " 10s", "10x", "10S",
                           "1h30", "99999999999999999999s", "9223372036854775807d", "1e3s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(ParseBytes, TakesANumberWithAUnit) {
  EXPECT_EQ(parse_bytes("512B"), 512U);
  EXPECT_EQ(parse_bytes("16KiB"), 16'384U);
  EXPECT_EQ(parse_bytes("25 MiB"), 26'214'400U);
  EXPECT_EQ(parse_bytes("1GiB"), 1'073'741'824U);
  EXPECT_EQ(parse_bytes("1kB"), 1'000U);
  EXPECT_EQ(parse_bytes("2GB"), 2'000'000'000U);
}

TEST(ParseBytes, WantsAUnitAndNothingElse) {
  for (const auto* text : {"", "10", "B", "-1B", "1.5MiB", "10mib", "1GiB1MiB", "10 ",
                           "9999999TiB999", "9223372036854775807KiB"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
  }
}

TEST(IsUtf8, RefusesWhatUnicodeDoes) {
  EXPECT_TRUE(is_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const auto* text : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Format, UsesTheLargestUnitWithoutAFraction) {
  EXPECT_EQ(format_duration(milliseconds{90'000}), "90s");
  EXPECT_EQ(format_duration(milliseconds{3'600'000}), "1h");
  EXPECT_EQ(format_duration(milliseconds{0}), "0s");
  EXPECT_EQ(format_bytes(26'214'400), "25MiB");
  EXPECT_EQ(format_bytes(1001), "1001B");
  EXPECT_EQ(format_bytes(0), "0B");
}

}  // namespace
}  // namespace cdviz::config
