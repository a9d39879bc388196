// Against a real PostgreSQL.
#include "postgres/migrations.h"

#include <array>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "postgres/testing/server.h"

namespace cdviz::postgres {
namespace {

using testing::Server;

class MigrationsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = Server::missing(); !why.empty()) GTEST_SKIP() << why;
    database = Server::shared().new_database();
  }
  Connection connect(const std::string& user = "postgres") const {
    auto connection = Connection::open({.url = Server::shared().url(database, user),
                                        .statement_timeout = std::chrono::milliseconds{0}});
    EXPECT_TRUE(connection) << connection.error().message;
    return std::move(connection.value());
  }
  std::string ask(const std::string& sql) const {
    auto connection = connect();
    const auto rows = connection.execute(sql);
    if (!rows) return rows.error().message;
    return rows.value().size() == 0 ? "" : std::string(rows.value().text(0, 0));
  }
  std::string database;
};

// The real ones and one more.
std::vector<Migration> with_one_more(std::string_view sql) {
  auto all = known_migrations();
  all.push_back(
      {.number = all.back().number + 1, .name = "9999_more.sql", .checksum = "abc", .sql = sql});
  return all;
}

TEST_F(MigrationsTest, AnEmptyDatabaseGetsAllOfThemAndASecondRunFindsNothingToDo) {
  auto connection = connect();
  std::vector<std::string> lines;
  const auto first =
      migrate(connection, {.progress = [&](const std::string& line) { lines.push_back(line); }});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first.value().applied.size(), known_migrations().size());
  EXPECT_EQ(lines.size(), 2 * known_migrations().size());
  EXPECT_EQ(ask("select schema_version from cdviz.schema_info"),
            std::to_string(first.value().version));
  const auto second = migrate(connection, {});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second.value().applied.empty());
  EXPECT_EQ(second.value().version, first.value().version);
}

TEST_F(MigrationsTest, ManyAtOnceApplyEachOnce) {
  std::atomic<std::size_t> applied = 0;
  {
    std::vector<std::jthread> runs;
    for (int i = 0; i < 6; ++i) {
      runs.emplace_back([&] {
        auto connection = connect();
        const auto report = migrate(connection, {});
        EXPECT_TRUE(report) << report.error().message;
        if (report) applied += report.value().applied.size();
      });
    }
  }
  EXPECT_EQ(applied, known_migrations().size());
}

TEST_F(MigrationsTest, ASchemaNewerThanTheProgramIsRefused) {
  auto connection = connect();
  ASSERT_TRUE(migrate(connection, {}, with_one_more("create table cdviz_store.later ()")));
  const auto older = migrate(connection, {});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().fault, Fault::stop);
  EXPECT_NE(older.error().message.find("9999_more.sql"), std::string::npos)
      << older.error().message;
}

TEST_F(MigrationsTest, AFileThatChangedAfterItWasAppliedIsRefused) {
  auto connection = connect();
  ASSERT_TRUE(migrate(connection, {}));
  auto changed = known_migrations();
  changed[0].checksum[0] = changed[0].checksum[0] == '0' ? '1' : '0';
  const auto again = migrate(connection, {}, changed);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::stop);
  EXPECT_NE(again.error().message.find("must never change"), std::string::npos);
}

TEST_F(MigrationsTest, OneThatFailsLeavesNothingAndNamesItsLine) {
  auto connection = connect();
  const auto failed = migrate(
      connection, {}, with_one_more("create table cdviz_store.half ();\n-- é\nselect 1/0;\n"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault, Fault::stop);
  EXPECT_EQ(ask("select to_regclass('cdviz_store.half') is null"), "t");
  EXPECT_EQ(ask("select schema_version from cdviz.schema_info"),
            std::to_string(known_migrations().size()));

  const auto misspelt = migrate(connection, {}, with_one_more("select 1;\n-- é\nselekt 1;\n"));
  ASSERT_FALSE(misspelt);
  EXPECT_NE(misspelt.error().message.find("9999_more.sql:3: "), std::string::npos)
      << misspelt.error().message;
  EXPECT_TRUE(migrate(connection, {}));
}

TEST_F(MigrationsTest, TheSqlItPrintsDoesTheSame) {
  auto connection = connect();
  const auto done = connection.execute(sql_of(known_migrations()));
  ASSERT_TRUE(done) << done.error().message;
  const auto status = migration_status(connection, known_migrations());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(status.value().pending.empty());
  EXPECT_EQ(status.value().applied.size(), known_migrations().size());
}

TEST_F(MigrationsTest, ARoleThatMayCreateRolesAndOwnsTheDatabaseIsEnough) {
  auto admin = connect();
  ASSERT_TRUE(
      admin.execute("drop role if exists migrator; create role migrator login createrole; "
                    "alter database " +
                    database + " owner to migrator"));
  auto connection = connect("migrator");
  const auto report = migrate(connection, {});
  ASSERT_TRUE(report) << report.error().message;
}

TEST_F(MigrationsTest, ARoleThatMayNotIsToldWhatIsMissing) {
  Server own;  // no other test has made the roles there
  auto admin = Connection::open({.url = own.url()});
  ASSERT_TRUE(admin);
  ASSERT_TRUE(admin.value().execute("create role nobody login"));
  auto connection = Connection::open({.url = own.url("postgres", "nobody")});
  ASSERT_TRUE(connection);
  const auto report = migrate(connection.value(), {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().fault, Fault::stop);
  EXPECT_EQ(report.error().code, "42501");
  EXPECT_NE(report.error().message.find("CREATEROLE"), std::string::npos) << report.error().message;
}

TEST_F(MigrationsTest, ADatabaseThatIsNotUtf8IsRefused) {
  auto admin = connect();
  ASSERT_TRUE(admin.execute("drop database if exists latin"));
  ASSERT_TRUE(
      admin.execute("create database latin encoding 'LATIN1' locale 'C' template template0"));
  auto connection = Connection::open({.url = Server::shared().url("latin")});
  ASSERT_TRUE(connection);
  const auto report = migrate(connection.value(), {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().fault, Fault::stop);
  EXPECT_NE(report.error().message.find("UTF8"), std::string::npos);
}

TEST_F(MigrationsTest, EverythingInTheSchemasIsDocumented) {
  auto connection = connect();
  ASSERT_TRUE(migrate(connection, {}));
  const auto bare = connection.execute(
      // tables, views, sequences; partitions too
      "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace "
      "where n.nspname in ('cdviz', 'cdviz_store') and relkind in ('r', 'p', 'v', 'm', 'S') "
      "and obj_description(c.oid, 'pg_class') is null "
      "union all "
      "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = "
      "p.pronamespace "
      "where n.nspname in ('cdviz', 'cdviz_store') and obj_description(p.oid, 'pg_proc') is null "
      "union all "
      "select c.oid::regclass || '.' || attname from pg_attribute a join pg_class c on c.oid = "
      "a.attrelid "
      "join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('cdviz', 'cdviz_store') "
      "and relkind in ('r', 'p', 'v') and not relispartition and attnum > 0 and not attisdropped "
      "and col_description(c.oid, attnum) is null "
      "union all "
      "select nspname from pg_namespace where nspname like 'cdviz%' and obj_description(oid, "
      "'pg_namespace') is null");
  ASSERT_TRUE(bare) << bare.error().message;
  for (std::size_t i = 0; i < bare.value().size(); ++i) ADD_FAILURE() << bare.value().text(i, 0);
  const auto views = connection.execute(
      "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where "
      "n.nspname = 'cdviz'");
  EXPECT_GE(views.value().integer(0, 0), 3);
}

}  // namespace
}  // namespace cdviz::postgres
