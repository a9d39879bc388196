#include "queries/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::queries {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const WallTime kNow{std::chrono::milliseconds{1'774'958'400'000}};

Query query() {
  return parse_query("q",
                     "-- T\n"
                     "-- parameter at timestamptz = now(): A\n"
                     "-- parameter service text[] = null: S\n"
                     "-- parameter name text: N\n"
                     "-- column a text: A\n"
                     "select :at, :name, ':at', :service, :name")
      .value();
}

TEST(Bind, ReplacesParametersByNumbersAndGivesDefaultsAsTheyStand) {
  const auto bound = statement_of(query(), {{"name", {"x"}}}, kNow);
  ASSERT_TRUE(bound) << bound.error().message;
  EXPECT_EQ(bound->sql, "select (now())::timestamptz, $1::text, ':at', (null)::text[], $1::text");
  EXPECT_THAT(bound->values, ElementsAre("x"));
}

TEST(Bind, NothingThatIsGivenBecomesSql) {
  const std::string evil = "'; drop table x; -- :at $1";
  const auto bound =
      statement_of(query(), {{"name", {evil}}, {"service", {evil}}, {"at", {"now-1d"}}}, kNow);
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->sql, "select $1::timestamptz, $2::text, ':at', $3::text[], $2::text");
  EXPECT_THAT(bound->values, ElementsAre("2026-03-30T12:00:00.000Z", evil, "{\"" + evil + "\"}"));
}

TEST(Bind, AnUnknownNameIsAnErrorWithTheNearest) {
  EXPECT_THAT(statement_of(query(), {{"name", {"x"}}, {"sevice", {"y"}}}, kNow).error().message,
              HasSubstr("q has no parameter \"sevice\"; did you mean \"service\"?"));
}

TEST(Bind, AMissingParameterIsAnError) {
  EXPECT_EQ(statement_of(query(), {}, kNow).error().message,
            "q needs the parameter name (text: N)");
}

TEST(Readable, HasTheValuesAsLiterals) {
  EXPECT_EQ(readable(query(), {{"name", {"it's \\ :at"}}}, kNow).value(),
            "select (now())::timestamptz, E'it''s \\\\ :at'::text, ':at', (null)::text[], "
            "E'it''s \\\\ :at'::text");
}

}  // namespace
}  // namespace cdviz::queries
