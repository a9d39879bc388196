#include "queries/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::queries {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kWhole = R"(-- What runs?
--
-- One row a cell.
-- As it is now.
--
-- example: cdviz-collector query state
-- parameter at timestamptz = now(): The moment
-- parameter service text[] = null: Only these
-- parameter name text: Which
--   one it is
-- column age_s double precision (seconds): How long
-- column label text: What it is called
select 1, :name::text where now() <= :at and :service is null -- :not
;
)";

std::vector<std::string> names_in(std::string_view sql) {
  std::vector<std::string> names;
  for (const auto& piece : pieces_of(sql))
    if (piece.parameter) names.emplace_back(piece.text);
  return names;
}

TEST(Query, IsAHeaderAndAStatement) {
  const auto query = parse_query("state", kWhole);
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->name, "state");
  EXPECT_EQ(query->title, "What runs?");
  EXPECT_EQ(query->purpose, "One row a cell.\nAs it is now.");
  EXPECT_THAT(query->examples, ElementsAre("cdviz-collector query state"));
  ASSERT_EQ(query->parameters.size(), 3U);
  EXPECT_EQ(query->parameters[0].fallback, "now()");
  EXPECT_EQ(query->parameters[1].type, Type::text_list);
  EXPECT_TRUE(query->parameters[2].required());
  EXPECT_EQ(query->parameters[2].text, "Which one it is");
  ASSERT_EQ(query->columns.size(), 2U);
  EXPECT_EQ(query->columns[0].type, "double precision");
  EXPECT_EQ(query->columns[0].unit, "seconds");
  EXPECT_EQ(query->columns[1].unit, "");
  EXPECT_EQ(query->statement.substr(0, 9), "select 1,");
  EXPECT_NE(query->statement.back(), ';');
}

TEST(Query, AParameterIsOnlyWhereAnExpressionMayStand) {
  EXPECT_THAT(
      names_in("select :a, x::b, ':c', \":d\", $$ :e $$, $f$ :g $f$ -- :h\n, /* :i */ :j_1"),
      ElementsAre("a", "j_1"));
  EXPECT_THAT(names_in("a[1:2] := 'unclosed :x"), ElementsAre());
  EXPECT_THAT(names_in(":a:b"), ElementsAre("a", "b"));
  EXPECT_THAT(names_in(":"), ElementsAre());
}

TEST(Query, ThePiecesAreTheWholeStatement) {
  constexpr std::string_view kSql = "select ':x' || :x::text, $1 /* :y";
  std::string joined;
  for (const auto& piece : pieces_of(kSql))
    joined += (piece.parameter ? ":" : "") + std::string(piece.text);
  EXPECT_EQ(joined, kSql);
}

struct Wrong {
  std::string_view text;
  std::string_view message;
};

TEST(Query, AWrongHeaderIsRefusedWithItsLine) {
  constexpr Wrong kCases[] = {
      {"select 1", "q:0: there is no header"},
      {"-- T\nselect 1", "q:1: the header names no column"},
      {"-- T\n-- column a text: A\n", "q:2: there is no statement"},
      {"-- T\n-- column a colour: A\nselect 1", "q:2: a column cannot have the type colour"},
      {"-- T\n-- column a text\nselect 1", "q:2: not `column NAME TYPE [(UNIT)]: TEXT`"},
      {"-- T\n-- parameter A text: A\n", "q:2: not `parameter NAME TYPE [= SQL]: TEXT`"},
      {"-- T\n-- parameter a json: A\n", "q:2: a parameter cannot have the type json"},
      {"-- T\n-- parameter a text =: A\n", "q:2: a default without a value"},
      {"-- T\n-- parameter a text: A\n-- parameter a text: B\n",
       "q:3: the parameter a stands here twice"},
      {"-- T\n-- column a text: A\n-- More\nselect 1", "q:3: a line of text behind"},
      {"-- T\n-- column a text: A\nselect :b", "the header does not declare :b"},
      {"-- T\n-- parameter b text: B\n-- column a text: A\nselect 1",
       "the statement does not use :b"},
      {"--\nselect 1", "q:1: the first line must be the question"},
  };
  for (const auto& [text, message] : kCases) {
    const auto query = parse_query("q", text);
    ASSERT_FALSE(query) << text;
    EXPECT_THAT(query.error().message, HasSubstr(std::string(message)));
  }
}

}  // namespace
}  // namespace cdviz::queries
