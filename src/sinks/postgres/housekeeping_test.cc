#include "sinks/postgres/housekeeping.h"

#include <gtest/gtest.h>

#include "postgres/testing/server.h"

namespace cdviz::sinks::postgres {
namespace {

using cdviz::postgres::Connection;
using cdviz::postgres::testing::Server;

struct HousekeepingTest : ::testing::Test {
  void SetUp() override {
    if (const auto missing = Server::missing(); !missing.empty()) GTEST_SKIP() << missing;
    auto opened =
        Connection::open({.url = Server::shared().url(Server::shared().new_migrated_database())});
    ASSERT_TRUE(opened) << opened.error().message;
    connection.emplace(std::move(*opened));
  }
  std::string value(const std::string& sql) {
    const auto rows = connection->execute(sql);
    return rows ? std::string(rows->text(0, 0)) : "error: " + rows.error().message;
  }
  std::optional<Connection> connection;
  Housekeeping housekeeping{"host:db"};
};

// A NUL and a byte that is no UTF-8: reasons quote what came from outside.
constexpr std::string_view kReason("is \"not\" JSON: \0 \xff",
                                   sizeof "is \"not\" JSON: \0 \xff" - 1);

Refusal refusal(std::int64_t number) {
  return {.number = number,
          .at = WallTime(std::chrono::seconds(1'700'000'000)),
          .component_id = "in",
          .code = "json",
          .reason = std::string(kReason),
          .bytes = 12};
}

TEST_F(HousekeepingTest, RefusalsAreListedOnceHoweverOftenTheyAreTold) {
  const std::vector<Refusal> refusals{refusal(1), refusal(2)};
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(housekeeping.note(*connection, refusals, {}));
  EXPECT_EQ(value("select count(*) from cdviz.refused_events"), "2");
  EXPECT_EQ(value("select component || ' ' || component_kind || ' ' || code || ' ' || bytes || ' ' "
                  "|| (at = '2023-11-14T22:13:20Z') || ' ' || (source is null) "
                  "from cdviz.refused_events where number = 1"),
            "in source json 12 true true");
}

TEST_F(HousekeepingTest, MaintenanceMakesTheNextMonthsAndRunsOnlyNowAndThen) {
  const std::string next_month =
      "select count(*) from pg_class where relname = 'event_' || to_char(now() at time zone 'UTC' "
      "+ "
      "interval '2 months', 'YYYYMM')";
  EXPECT_EQ(value(next_month), "0");
  const std::chrono::steady_clock::time_point start{};
  housekeeping.maintain(*connection, start, {});
  EXPECT_EQ(value(next_month), "1");
  const std::string ran = "select ran_at from cdviz_store.maintenance";
  const std::string before = value(ran);
  // Due by our clock, but not by the database's.
  housekeeping.maintain(*connection, start + Housekeeping::kPause, {});
  EXPECT_EQ(value(ran), before);
  ASSERT_EQ(value("update cdviz_store.maintenance set ran_at = '-infinity' returning true"), "t");
  housekeeping.maintain(*connection, start + Housekeeping::kPause + std::chrono::seconds(1), {});
  EXPECT_EQ(value(ran), "-infinity") << "not due by our clock";
  housekeeping.maintain(*connection, start + 2 * Housekeeping::kPause, {});
  EXPECT_NE(value(ran), "-infinity");
  EXPECT_EQ(value("select complaint is null from cdviz_store.maintenance"), "t");
}

TEST_F(HousekeepingTest, RetentionDropsWholeMonthsAndLeavesFacts) {
  ASSERT_EQ(value("select cdviz_store.ensure_partition('2020-05-05Z')"), "");
  ASSERT_EQ(value("update cdviz_store.retention set keep = '13 months' where what = 'events' "
                  "returning true"),
            "t");
  housekeeping.maintain(*connection, {}, {});
  EXPECT_EQ(value("select count(*) from pg_class where relname = 'event_202005'"), "0");
  EXPECT_EQ(value("select count(*) from pg_class where relname = 'event_before_2000'"), "1");
}

}  // namespace
}  // namespace cdviz::sinks::postgres
