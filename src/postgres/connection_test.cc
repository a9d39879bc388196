// Against a real PostgreSQL.
#include "postgres/connection.h"

#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "postgres/testing/server.h"

namespace cdviz::postgres {
namespace {

using std::chrono::milliseconds;
using testing::Server;

// A listener that takes connections and never says a word: a host behind a broken firewall.
class SilentHost {
 public:
  SilentHost() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd_, generic, size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    EXPECT_EQ(getsockname(fd_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentHost() { close(fd_); }
  SilentHost(const SilentHost&) = delete;
  SilentHost& operator=(const SilentHost&) = delete;
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

class ConnectionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = Server::missing(); !why.empty()) GTEST_SKIP() << why;
  }
  static Server& server() { return Server::shared(); }
  static Connection connect(const std::string& database = "postgres") {
    auto connection = Connection::open({.url = server().url(database)});
    EXPECT_TRUE(connection) << connection.error().message;
    return std::move(connection.value());
  }
  static Error failure(const std::string& url, milliseconds timeout = milliseconds{5000}) {
    auto connection = Connection::open({.url = url, .connect_timeout = timeout});
    EXPECT_FALSE(connection);
    return connection ? Error{} : connection.error();
  }
};

TEST_F(ConnectionTest, ItAnswersAndSaysWhoItIs) {
  auto connection = connect();
  const auto rows = connection.execute(
      "select current_setting('application_name') as name, current_setting('client_encoding'), "
      "current_setting('TimeZone'), current_setting('statement_timeout'), null, 7, true");
  ASSERT_TRUE(rows) << rows.error().message;
  const Rows& row = rows.value();
  EXPECT_EQ(row.size(), 1U);
  EXPECT_EQ(row.columns(), 7U);
  EXPECT_EQ(row.name(0), "name");
  EXPECT_EQ(row.text(0, 0), "cdviz-collector");
  EXPECT_EQ(row.text(0, 1), "UTF8");
  EXPECT_EQ(row.text(0, 2), "UTC");
  EXPECT_EQ(row.text(0, 3), "30s");
  EXPECT_TRUE(row.is_null(0, 4));
  EXPECT_EQ(row.integer(0, 5), 7);
  EXPECT_TRUE(row.boolean(0, 6));
}

TEST_F(ConnectionTest, ParametersAreNeverReadAsSql) {
  auto connection = connect();
  const std::string evil = "'; drop table x; -- \x01 \xc3\xa9";
  JsonArray array;
  array.add(R"({"a":1})");
  array.add(R"("two")");
  const std::array parameters{Parameter::text(evil), Parameter::text(""),
                              Parameter::json_array(array.bytes())};
  const auto rows = connection.execute("select $1, $2, $3[2], cardinality($3)", parameters);
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows.value().text(0, 0), evil);
  EXPECT_EQ(rows.value().text(0, 1), "");
  EXPECT_FALSE(rows.value().is_null(0, 1));
  EXPECT_EQ(rows.value().text(0, 2), "\"two\"");
  EXPECT_EQ(rows.value().integer(0, 3), 2);
}

TEST_F(ConnectionTest, AParameterLargerThanTheSocketTakesIsSent) {
  auto connection = connect();
  JsonArray array;
  for (int i = 0; i < 20; ++i) array.add("\"" + std::string(1 << 20, 'x') + "\"");
  const std::array parameters{Parameter::json_array(array.bytes())};
  const auto rows =
      connection.execute("select sum(length(j #>> '{}')) from unnest($1) j", parameters);
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows.value().integer(0, 0), 20 << 20);
}

TEST_F(ConnectionTest, AFailureHasItsSqlstateAndTheConnectionLivesOn) {
  auto connection = connect();
  const auto failed = connection.execute("select 1/0");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "22012");
  EXPECT_EQ(failed.error().fault, Fault::reject);
  EXPECT_TRUE(connection.usable());
  EXPECT_TRUE(connection.execute("select 1"));
}

TEST_F(ConnectionTest, AStatementThatTakesTooLongIsCancelledByTheServer) {
  auto connection =
      Connection::open({.url = server().url(), .statement_timeout = milliseconds{100}});
  ASSERT_TRUE(connection);
  const auto slow = connection.value().execute("select pg_sleep(60)");
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, "57014");
  EXPECT_EQ(slow.error().fault, Fault::retry);
  EXPECT_TRUE(connection.value().usable());
}

TEST_F(ConnectionTest, AStopEndsTheWaitForAnAnswer) {
  auto connection = connect();
  auto watcher = connect();
  std::stop_source stop;
  std::jthread stopper([&] {
    for (;;) {  // until the statement runs
      const auto rows = watcher.execute(
          "select count(*) from pg_stat_activity where query = 'select pg_sleep(61)'");
      if (rows && rows.value().integer(0, 0) == 1) break;
      std::this_thread::yield();
    }
    stop.request_stop();
  });
  const auto stopped = connection.execute("select pg_sleep(61)", stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().fault, Fault::retry);
  EXPECT_FALSE(connection.usable());
}

TEST_F(ConnectionTest, AStopEndsTheWaitForAConnection) {
  const SilentHost silent;
  std::stop_source stop;
  stop.request_stop();
  const auto connection =
      Connection::open({.url = fmt::format("postgresql://u@127.0.0.1:{}/db", silent.port()),
                        .connect_timeout = std::chrono::hours{1}},
                       stop.get_token());
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().fault, Fault::retry);
}

TEST_F(ConnectionTest, AHostThatIsSilentDoesNotKeepUsFromTheNext) {
  const SilentHost silent;
  const auto connection = Connection::open(
      {.url = fmt::format("postgresql://postgres@127.0.0.1:{},127.0.0.1:{}/postgres", silent.port(),
                          server().port()),
       .connect_timeout = milliseconds{300}});
  ASSERT_TRUE(connection) << connection.error().message;
}

TEST_F(ConnectionTest, AServerThatOnlyReadsIsPassedOver) {
  const std::string database = server().new_database();
  auto admin = connect();
  ASSERT_TRUE(
      admin.execute("alter database " + database + " set default_transaction_read_only = on"));
  const Error error = failure(server().url(database));
  EXPECT_EQ(error.fault, Fault::retry);
  EXPECT_NE(error.message.find("read-only"), std::string::npos) << error.message;
  EXPECT_TRUE(Connection::open({.url = server().url(database), .read_write = false}));
  EXPECT_TRUE(Connection::open({.url = server().url(database) + "?target_session_attrs=any"}));
}

TEST_F(ConnectionTest, WhatIsWrongOnOurSideStopsAndNeverShowsThePassword) {
  auto admin = connect();
  ASSERT_TRUE(
      admin.execute("drop role if exists needs_password; "
                    "create role needs_password login password 'right'"));
  const Error wrong = failure(server().url("postgres", "needs_password", "wr0ng"));
  EXPECT_EQ(wrong.code, "28P01");
  EXPECT_EQ(wrong.fault, Fault::stop);
  EXPECT_EQ(wrong.message.find("wr0ng"), std::string::npos) << wrong.message;
  const Error none = failure(server().url("postgres", "needs_password"));
  EXPECT_EQ(none.code, "28P01");
  EXPECT_EQ(none.fault, Fault::stop);
  const Error database = failure(server().url("nowhere"));
  EXPECT_EQ(database.code, "3D000");
  EXPECT_EQ(database.fault, Fault::stop);
  const Error role = failure(server().url("postgres", "nobody_knows"));
  EXPECT_EQ(role.code, "28000");
  EXPECT_EQ(role.fault, Fault::stop);
  EXPECT_TRUE(Connection::open({.url = server().url("postgres", "needs_password", "right")}));
}

TEST_F(ConnectionTest, AServerThatIsAwayIsRetried) {
  int port = 0;
  { port = SilentHost().port(); }  // nobody listens there any more
  const Error error = failure(fmt::format("postgresql://u@127.0.0.1:{}/db", port));
  EXPECT_EQ(error.fault, Fault::retry);
  EXPECT_EQ(error.code, "08001");
}

TEST_F(ConnectionTest, ItSeesThatTheServerHungUpWhileNothingWasUnderWay) {
  auto connection = connect();
  auto admin = connect();
  const auto pid = connection.execute("select pg_backend_pid()");
  ASSERT_TRUE(pid);
  ASSERT_TRUE(connection.usable());
  ASSERT_TRUE(admin.execute(
      fmt::format("select pg_terminate_backend({}, 10000)", pid.value().integer(0, 0))));
  EXPECT_FALSE(connection.usable());
}

TEST_F(ConnectionTest, ABackendThatIsTerminatedInTheMiddleIsRetriedOnANewConnection) {
  auto connection = connect();
  const auto killed = connection.execute("select pg_terminate_backend(pg_backend_pid())");
  ASSERT_FALSE(killed);
  EXPECT_EQ(killed.error().fault, Fault::retry);
  EXPECT_EQ(killed.error().code, "57P01");
  EXPECT_FALSE(connection.usable());
}

TEST_F(ConnectionTest, NamesAndTextsAreQuoted) {
  const auto connection = connect();
  EXPECT_EQ(connection.identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(connection.literal("it's"), "'it''s'");
  EXPECT_GE(connection.server_version(), 150000);
}

}  // namespace
}  // namespace cdviz::postgres
