#include "commands/query_output.h"

#include <limits>

#include <gtest/gtest.h>

namespace cdviz::commands {
namespace {

using queries::QueryColumn;

Answer answer() {
  return {
      {{"name", "text", "", ""},
       {"since", "timestamptz", "", ""},
       {"n", "bigint", "", ""},
       {"age_s", "double precision", "seconds", ""},
       {"ok", "boolean", "", ""},
       {"list", "text[]", "", ""},
       {"doc", "jsonb", "", ""}},
      {{"checkout", "2026-01-31 12:00:00.25+00", "17", "183600.5", "t", R"({a,"b \"c\"",NULL})",
        R"({"a": 1})"},
       {std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, "{}", std::nullopt}}};
}

Answer one(QueryColumn column, std::string cell) {
  return {{std::move(column)}, {{std::move(cell)}}};
}

TEST(QueryOutput, ATableIsForPeople) {
  EXPECT_EQ(as_table(answer()),
            "name      since                  n    age_s  ok   list       doc\n"
            "checkout  2026-01-31T12:00:00Z  17  2 d 3 h  yes  a b \"c\" -  {\"a\": 1}\n"
            "-         -                      -        -  -               -\n");
  EXPECT_EQ(as_table({answer().columns, {}}), "name  since  n  age_s  ok  list  doc\n");
}

TEST(QueryOutput, ATableNeverCommandsTheTerminalAndCutsLongCells) {
  EXPECT_EQ(as_table(one({"a", "text", "", ""}, "\x1b[2Jx")), "a\n\\x1b[2Jx\n");
  const auto cut = as_table(one({"a", "text", "", ""}, std::string(200, 'x')));
  EXPECT_EQ(cut, "a\n" + std::string(59, 'x') + "…\n");
}

TEST(QueryOutput, AListHasALineForEachCell) {
  EXPECT_EQ(
      as_list({{{"a", "text", "", ""}, {"long", "bigint", "", ""}}, {{"x", "1"}, {"y", "2"}}}),
      "a     x\nlong  1\n\na     y\nlong  2\n");
}

TEST(QueryOutput, CsvIsQuotedAndNeverAFormula) {
  EXPECT_EQ(
      as_csv(answer()),
      "name,since,n,age_s,ok,list,doc\r\n"
      "checkout,2026-01-31T12:00:00.25Z,17,183600.5,true,\"{a,\"\"b \\\"\"c\\\"\"\"\",NULL}\","
      "\"{\"\"a\"\": 1}\"\r\n"
      ",,,,,{},\r\n");
  EXPECT_EQ(as_csv(one({"a", "text", "", ""}, "=cmd()")), "a\r\n'=cmd()\r\n");
  EXPECT_EQ(as_csv(one({"a", "bigint", "", ""}, "-1")), "a\r\n-1\r\n");
}

TEST(QueryOutput, JsonKeepsTypesAndNulls) {
  EXPECT_EQ(as_json(answer()),
            R"({"name":"checkout","since":"2026-01-31T12:00:00.25Z","n":17,"age_s":183600.5,)"
            R"("ok":true,"list":["a","b \"c\"",null],"doc":{"a": 1}})"
            "\n"
            R"({"name":null,"since":null,"n":null,"age_s":null,"ok":null,"list":[],"doc":null})"
            "\n");
  EXPECT_EQ(as_json(one({"a", "double precision", "", ""}, "NaN")), "{\"a\":null}\n");
  EXPECT_EQ(as_json(one({"a", "double precision[]", "", ""}, "{1.5,NULL}")),
            "{\"a\":[1.5,null]}\n");
}

TEST(DurationText, HasAtMostTwoUnits) {
  EXPECT_EQ(duration_text(0.25), "0.25 s");
  EXPECT_EQ(duration_text(41.7), "41 s");
  EXPECT_EQ(duration_text(3'600), "1 h");
  EXPECT_EQ(duration_text(3'661), "1 h 1 min");
  EXPECT_EQ(duration_text(-183'600), "-2 d 3 h");
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::quiet_NaN()), "-");
}

}  // namespace
}  // namespace cdviz::commands
