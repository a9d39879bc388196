#include "queries/cell.h"

#include <gtest/gtest.h>

namespace cdviz::queries {
namespace {

std::string json(std::string_view type, std::string_view text) {
  std::string out;
  append_json(out, type, text);
  return out;
}

std::string csv(std::string_view type, std::string_view text) {
  std::string out;
  append_csv(out, type, text);
  return out;
}

TEST(Cell, TimesAreRfc3339) {
  EXPECT_EQ(time_of("2026-01-31 12:00:00.25+00"), "2026-01-31T12:00:00.25Z");
  EXPECT_EQ(time_of("infinity"), "infinity");
  EXPECT_EQ(time_in_milliseconds("2026-01-31 12:00:00+00"), "2026-01-31T12:00:00.000Z");
  EXPECT_EQ(time_in_milliseconds("2026-01-31 12:00:00.25+00"), "2026-01-31T12:00:00.250Z");
  EXPECT_EQ(time_in_milliseconds("2026-01-31 12:00:00.123456+00"), "2026-01-31T12:00:00.123Z");
  EXPECT_EQ(time_in_milliseconds("-infinity"), "-infinity");
  EXPECT_EQ(time_in_milliseconds(""), "");
}

TEST(Cell, JsonKeepsTypes) {
  EXPECT_EQ(json("bigint", "9007199254740993"), "9007199254740993");
  EXPECT_EQ(json("double precision", "Infinity"), "null");
  EXPECT_EQ(json("boolean", "f"), "false");
  EXPECT_EQ(json("text[]", R"({a,"b \"c\"",NULL,""})"), R"(["a","b \"c\"",null,""])");
  EXPECT_EQ(json("double precision[]", "{1.5,NULL,NaN}"), "[1.5,null,null]");
  EXPECT_EQ(json("jsonb", R"({"a": 1})"), R"({"a": 1})");
  EXPECT_EQ(json("text", "\"<\x01"), R"("\"<\u0001")");
}

TEST(Cell, CsvIsQuotedAndNeverAFormula) {
  EXPECT_EQ(csv("text", "=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
  for (const auto* text : {"+1", "-1", "@a", "\ta"}) EXPECT_EQ(csv("text", text)[0], '\'') << text;
  EXPECT_EQ(csv("text", "a,\"b\"\r\n"), "\"a,\"\"b\"\"\r\n\"");
  EXPECT_EQ(csv("double precision", "-1.5"), "-1.5");
}

}  // namespace
}  // namespace cdviz::queries
