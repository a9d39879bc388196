// Who may do what, against a real PostgreSQL.
#include "postgres/create_login.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "postgres/testing/server.h"

namespace cdviz::postgres {
namespace {

using testing::Server;

constexpr const char* kIngest =
    R"(select inserted from cdviz_store.ingest(array['{"context":{"id":"1","source":"/","type":"dev.cdevents.a.b.1","timestamp":"2026-01-01T00:00:00Z"},"subject":{"id":"s"}}'::jsonb]))";

class CreateLoginTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = Server::missing(); !why.empty()) GTEST_SKIP() << why;
    database = Server::shared().new_migrated_database();
    admin.emplace(connect("postgres"));
    ASSERT_TRUE(admin->execute(kIngest));
  }
  Connection connect(const std::string& user, bool read_write = true) const {
    auto connection =
        Connection::open({.url = Server::shared().url(database, user), .read_write = read_write});
    EXPECT_TRUE(connection) << connection.error().message;
    return std::move(connection.value());
  }
  Connection login(const std::string& name, Group group) {
    const auto made = create_login(*admin, {.name = name, .group = group});
    EXPECT_TRUE(made) << made.error().message;
    return connect(name, false);
  }
  // Tried for every role; the seat belt is taken off first, so that what refuses is the grants.
  static void expect_refused(Connection& role, const std::vector<std::string>& statements) {
    for (const auto& statement : statements) {
      const auto done = role.execute(
          "set default_transaction_read_only = off; set transaction_read_only = off; " + statement);
      ASSERT_FALSE(done) << statement;
      EXPECT_EQ(done.error().code, "42501") << statement << ": " << done.error().message;
    }
  }
  std::string database;
  std::optional<Connection> admin;
};

const std::vector<std::string> kForEverybody = {
    "select * from cdviz_store.event",
    "select * from cdviz_store.migration",
    "insert into cdviz_store.event (event_uid) values (gen_random_uuid())",
    "update cdviz_store.event set source = ''",
    "delete from cdviz_store.event",
    "truncate cdviz_store.event",
    "drop table cdviz_store.event",
    "select nextval('cdviz_store.ingest_seq')",
    "select cdviz_store.ensure_partition(now())",
    "create table cdviz_store.mine ()",
    "create table cdviz.mine ()",
    "create table public.mine ()",
    "create schema mine",
    "create role mine",
    "set role cdviz_owner",
    "alter function cdviz_store.ingest(jsonb[], jsonb[]) security invoker",
    "delete from cdviz.events",
    "copy (select 1) to '/tmp/out'",
};

TEST_F(CreateLoginTest, TheCollectorMayStoreEventsAndNothingElse) {
  auto role = login("t_ingest", Group::ingest);
  EXPECT_TRUE(role.execute(kIngest));
  expect_refused(role, kForEverybody);
  expect_refused(role, {"select * from cdviz.events", "select * from cdviz.events_raw",
                        "select * from cdviz.schema_info"});
  EXPECT_TRUE(Connection::open({.url = Server::shared().url(database, "t_ingest")}))
      << "a session that may write";
}

TEST_F(CreateLoginTest, AReaderSeesTheViewsButNoPayload) {
  auto role = login("t_reader", Group::reader);
  const auto seen = role.execute("select count(*) from events");  // by its search_path
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen.value().integer(0, 0), 1);
  EXPECT_TRUE(role.execute("select * from cdviz.schema_info"));
  expect_refused(role, kForEverybody);
  expect_refused(role, {"select * from cdviz.events_raw", kIngest});
}

TEST_F(CreateLoginTest, AReaderOfPayloadsSeesThemToo) {
  auto role = login("t_raw", Group::reader_raw);
  EXPECT_TRUE(role.execute("select payload from cdviz.events_raw"));
  EXPECT_TRUE(role.execute("select * from cdviz.events"));
  expect_refused(role, kForEverybody);
  expect_refused(role, {kIngest});
}

TEST_F(CreateLoginTest, ALoginHasItsLimits) {
  auto role = login("t_limits", Group::reader);
  const auto own =
      Connection::open({.url = Server::shared().url(database, "t_limits"), .read_write = false});
  ASSERT_TRUE(own);
  const auto set = admin->execute(
      "select array_to_string(setconfig, ';'), rolconnlimit from pg_db_role_setting s join "
      "pg_roles r on r.oid = setrole "
      "where rolname = 't_limits'");
  ASSERT_TRUE(set);
  EXPECT_EQ(
      set.value().text(0, 0),
      "statement_timeout=30000;idle_in_transaction_session_timeout=60s;jit=off;search_path=cdviz;"
      "default_transaction_read_only=on");
  EXPECT_EQ(set.value().integer(0, 1), 20);
  const auto write = role.execute("create temporary table x ()");
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().code, "25006");
}

TEST_F(CreateLoginTest, ThePasswordIsSetAndMayBeSetAgain) {
  for (const std::string password : {"first", "it's\\ second"}) {
    ASSERT_TRUE(create_login(*admin, {.name = "needs_password", .password = password}));
    const auto url = Server::shared().url(database, "needs_password",
                                          password == "first" ? "first" : "it%27s%5C%20second");
    const auto connection = Connection::open({.url = url, .read_write = false});
    EXPECT_TRUE(connection) << connection.error().message;
  }
  EXPECT_FALSE(Connection::open(
      {.url = Server::shared().url(database, "needs_password", "first"), .read_write = false}));
}

TEST_F(CreateLoginTest, AnAdministratorIsNeverTurnedIntoALogin) {
  const auto made = create_login(*admin, {.name = "postgres"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::stop);
  EXPECT_TRUE(admin->execute("create role \"odd \"\"name\" createdb"));
  EXPECT_FALSE(create_login(*admin, {.name = "odd \"name"}));
  EXPECT_TRUE(create_login(*admin, {.name = "odd \"; drop schema cdviz cascade; --"}));
}

}  // namespace
}  // namespace cdviz::postgres
