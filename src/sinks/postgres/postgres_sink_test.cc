// Against a real PostgreSQL.
#include <array>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "net/routes.h"
#include "postgres/connection.h"
#include "postgres/testing/server.h"
#include "sinks/postgres/postgres.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::postgres {
namespace {

using cdviz::postgres::Connection;
using cdviz::postgres::testing::Server;

Event event_of(const std::string& id, const std::string& extra = "1",
               const std::string& timestamp = "2026-03-01T12:00:00Z") {
  EventData data{.source = "/ci",
                 .id = id,
                 .type = "dev.cdevents.service.deployed.0.2.0",
                 .timestamp = timestamp,
                 .subject_id = "svc",
                 .json = {}};
  data.json = fmt::format(
      R"({{"context":{{"version":"0.4.1","id":"{}","source":"/ci","type":"{}","timestamp":"{}"}},)"
      R"("subject":{{"id":"svc","type":"service","content":{{}}}},"customData":{}}})",
      id, data.type, timestamp, extra);
  return Event(std::move(data));
}

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "no server here"}; }
};

class PostgresSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = Server::missing(); !why.empty()) GTEST_SKIP() << why;
    database = server().new_migrated_database();
  }
  static Server& server() { return Server::shared(); }

  config::Options options_of(const std::string& toml) {
    static constexpr std::array<const SinkKind*, 2> kKinds = {&kind, &kind_db};
    const config::Catalogue catalogue{{}, {}, kKinds};
    config::Input input;
    input.built_in = {{"test", "[sinks.database]\nenabled = true\ntype = \"postgres\"\n" + toml}};
    loaded = config::load(input, catalogue);
    EXPECT_TRUE(loaded.valid()) << (loaded.valid() ? "" : loaded.mistakes().front().message);
    return loaded.sinks().at(0).options;
  }
  Services services() { return {"database", clock, metrics, log, routes}; }
  std::unique_ptr<Sink> sink_to(const std::string& url, const std::string& more = {}) {
    auto made = kind.make(options_of(fmt::format("url = \"{}\"\n{}", url, more)), services());
    EXPECT_TRUE(made);
    return std::move(made.value());
  }
  std::unique_ptr<Sink> sink() { return sink_to(server().url(database)); }

  std::string ask(const std::string& sql) {
    auto connection = Connection::open({.url = server().url(database)});
    if (!connection) return connection.error().message;
    auto rows = connection.value().execute(sql);
    if (!rows) return rows.error().message;
    return rows.value().size() == 0 ? "" : std::string(rows.value().text(0, 0));
  }
  std::string stored() { return ask("select count(*) from cdviz.events"); }
  double counted(const char* name) {
    return metrics.counter(name, "", {{"component_id", "database"}}).Value();
  }

  std::string database;
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  NoRoutes routes;
  config::Config loaded;
};

TEST_F(PostgresSinkTest, ABatchIsStoredAndTheSameBatchAgainChangesNothing) {
  const auto to = sink();
  const std::array batch{event_of("a"), event_of("b"), event_of("a")};
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(stored(), "2");
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(stored(), "2");
  EXPECT_EQ(counted("cdviz_inserted_events_total"), 2);
  EXPECT_EQ(counted("cdviz_duplicate_events_total"), 4);
  EXPECT_EQ(counted("cdviz_connections_opened_total"), 1);
}

TEST_F(PostgresSinkTest, NotesStandWithTheirOwnEventAndTheOthersHaveNone) {
  const auto to = sink();
  const auto noted = [](const std::string& id, std::string notes) {
    EventData data = *event_of(id);
    data.notes = std::move(notes);
    return Event(std::move(data));
  };
  const std::array batch{event_of("a"), noted("b", R"({"normalised":["id"]})"), event_of("c"),
                         noted("d", R"({"original":"{\"n\": 1.10}"})"), event_of("e")};
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(ask("select string_agg(event_id || '=' || coalesce(notes::text, 'none'), ' ' order by "
                "event_id) "
                "from cdviz_store.event"),
            R"(a=none b={"normalised": ["id"]} c=none d={"original": "{\"n\": 1.10}"} e=none)");
  ASSERT_TRUE(to->write(std::span(batch).first(1), {})) << "no notes at all";
}

TEST_F(PostgresSinkTest, TheBytesOfAnEventAreTheValueOfItsPayload) {
  const auto to = sink();
  const std::string odd =
      R"({"n":12345678901234567890123,"d":1.10,"e":-0.5e-3,"s":"\u00e9\ud83d\ude80 \"\\/","z":null,"a":[[],{}]})";
  ASSERT_TRUE(to->write(std::array{event_of("a", odd)}, {}));
  EXPECT_EQ(ask("select payload->'customData' = '" + odd + "'::jsonb from cdviz.events_raw"), "t");
}

// As the dispatcher does.
std::vector<std::string> deliver(Sink& to, std::span<const Event> batch) {
  const auto written = to.write(batch, {});
  if (written) return {};
  EXPECT_EQ(written.error().fault, Fault::reject) << written.error().message;
  if (batch.size() == 1) return {batch[0]->id + " " + written.error().code};
  auto rejected = deliver(to, batch.first(batch.size() / 2));
  for (auto& one : deliver(to, batch.subspan(batch.size() / 2))) rejected.push_back(one);
  return rejected;
}

TEST_F(PostgresSinkTest, OnePoisonEventAmongFiveHundredStandsAloneWithItsSqlstate) {
  const auto to = sink();
  std::vector<Event> batch;
  batch.reserve(500);
  for (int i = 0; i < 500; ++i) batch.push_back(event_of(fmt::format("good {}", i)));
  batch[137] = event_of("nul", R"("\u0000")");
  batch[300] = event_of("huge number", "1e400000");
  batch[499] = event_of("year 0", "1", "0000-01-01T00:00:00Z");
  EXPECT_EQ(deliver(*to, batch),
            (std::vector<std::string>{"nul 22P05", "huge number 22003", "year 0 22008"}));
  EXPECT_EQ(stored(), "497");
  EXPECT_EQ(counted("cdviz_connections_opened_total"), 1);
}

TEST_F(PostgresSinkTest, AConnectionThatWasCutBetweenTwoBatchesIsReplacedUnnoticed) {
  const auto to = sink();
  ASSERT_TRUE(to->write(std::array{event_of("a")}, {}));
  ASSERT_EQ(ask("select bool_and(pg_terminate_backend(pid, 10000)) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid() and backend_type = "
                "'client backend'"),
            "t");
  const auto written = to->write(std::array{event_of("b")}, {});
  EXPECT_TRUE(written) << written.error().message;
  EXPECT_EQ(stored(), "2");
  EXPECT_EQ(counted("cdviz_connections_opened_total"), 2);
}

// A transaction of its own holds up the sink's write, until the test has done what it wants to its
// backend.
class HeldUp {
 public:
  explicit HeldUp(Connection holder) : holder_(std::move(holder)) {
    EXPECT_TRUE(holder_.execute("begin; lock cdviz_store.event in exclusive mode"));
  }
  void until_it_waits(std::int64_t writers = 1) {
    for (;;) {
      // Within a transaction the view of the sessions stands still.
      const auto waiting = holder_.execute(
          "select pg_stat_clear_snapshot(); "
          "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like "
          "'%ingest($1, $2)%' "
          "and pid <> pg_backend_pid() and datname = current_database()");
      if (!waiting) {
        ADD_FAILURE() << waiting.error().message;
        return;
      }
      if (waiting.value().integer(0, 0) == writers) return;
      std::this_thread::yield();
    }
  }
  Connection& connection() { return holder_; }

 private:
  Connection holder_;
};

TEST_F(PostgresSinkTest, ABackendThatIsTerminatedInTheMiddleIsRetriedAndNothingIsDoubled) {
  const auto to = sink();
  ASSERT_TRUE(to->write(std::array{event_of("a")}, {}));
  auto connection = Connection::open({.url = server().url(database)});
  ASSERT_TRUE(connection);
  HeldUp held(std::move(connection.value()));
  const std::array batch{event_of("a"), event_of("b")};
  Result<void> written;
  {
    std::jthread writer([&] { written = to->write(batch, {}); });
    held.until_it_waits();
    ASSERT_TRUE(
        held.connection().execute("select pg_terminate_backend(pid, 10000) from pg_stat_activity "
                                  "where query like '%ingest($1, $2)%' "
                                  "and pid <> pg_backend_pid() and datname = current_database()"));
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::retry) << written.error().message;
  ASSERT_TRUE(held.connection().execute("rollback"));
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(stored(), "2");
}

TEST_F(PostgresSinkTest, AStopEndsAWriteThatHangs) {
  const auto to = sink();
  auto connection = Connection::open({.url = server().url(database)});
  ASSERT_TRUE(connection);
  HeldUp held(std::move(connection.value()));
  const std::array batch{event_of("a")};
  std::stop_source stop;
  Result<void> written;
  {
    std::jthread writer([&] { written = to->write(batch, stop.get_token()); });
    held.until_it_waits();
    stop.request_stop();
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::retry);
  ASSERT_TRUE(held.connection().execute("rollback"));
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(stored(), "1");
}

TEST_F(PostgresSinkTest, ABatchThatTimesOutAgainAndAgainIsHalvedAndASingleEventNeverRejected) {
  const auto to = sink_to(server().url(database), "statement_timeout = \"500ms\"");
  auto connection = Connection::open({.url = server().url(database)});
  ASSERT_TRUE(connection);
  HeldUp held(std::move(connection.value()));
  const std::array batch{event_of("a"), event_of("b")};
  for (const Fault expected : {Fault::retry, Fault::retry, Fault::reject, Fault::reject}) {
    const auto written = to->write(batch, {});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, "57014");
    EXPECT_EQ(written.error().fault, expected);
  }
  const auto single = to->write(std::span(batch).first(1), {});
  ASSERT_FALSE(single);
  EXPECT_EQ(single.error().fault, Fault::retry);
  ASSERT_TRUE(held.connection().execute("rollback"));
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(stored(), "2");
}

TEST_F(PostgresSinkTest, ADatabaseThatBecameReadOnlyIsRetriedOnAnotherConnection) {
  const auto to = sink();
  ASSERT_TRUE(to->write(std::array{event_of("a")}, {}));
  // As on a primary that was demoted under us.
  ASSERT_EQ(ask("create or replace function cdviz_store.ensure_partition(t timestamptz) returns "
                "void language plpgsql as "
                "$$ begin raise exception using errcode = '25006', message = 'read-only'; end $$"),
            "");
  const auto written = to->write(std::array{event_of("b")}, {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::retry);
  EXPECT_EQ(written.error().code, "25006");
  static_cast<void>(to->write(std::array{event_of("b")}, {}));
  EXPECT_EQ(counted("cdviz_connections_opened_total"), 2);
}

TEST_F(PostgresSinkTest, OnlyTheLakesOwnKeyMakesAUniqueViolationADuplicate) {
  const auto to = sink();
  const auto raise = [&](const char* constraint) {
    return ask(
        fmt::format("create or replace function cdviz_store.ensure_partition(t timestamptz) "
                    "returns void language plpgsql as "
                    "$$ begin raise exception using errcode = '23505', schema = 'cdviz_store', "
                    "constraint = '{}', "
                    "message = 'duplicate key'; end $$",
                    constraint));
  };
  const std::array batch{event_of("a"), event_of("b")};
  ASSERT_EQ(raise("event_202603_pkey"), "");
  EXPECT_EQ(to->write(batch, {}).error().fault, Fault::reject) << "halved until each stands alone";
  EXPECT_TRUE(to->write(std::span(batch).first(1), {}));
  EXPECT_EQ(counted("cdviz_duplicate_events_total"), 1);
  ASSERT_EQ(raise("event_before_2000_pkey"), "");
  EXPECT_TRUE(to->write(std::span(batch).first(1), {}));
  for (const auto* key : {"somebodys_own_idx", "event_source_pkey", "event_conflict_pkey",
                          "event_count_daily_pkey", "event_pkey", "event__pkey"}) {
    ASSERT_EQ(raise(key), "");
    const auto other = to->write(std::span(batch).first(1), {});
    ASSERT_FALSE(other) << key;
    EXPECT_EQ(other.error().fault, Fault::reject) << key;
  }
}

TEST_F(PostgresSinkTest, WhatAnAdministratorMustMendStopsWithTheFix) {
  const auto expect_stop = [&](const std::string& url, const std::string& fix) {
    const auto to = sink_to(url);
    const auto written = to->write(std::array{event_of("a")}, {});
    ASSERT_FALSE(written) << url;
    EXPECT_EQ(written.error().fault, Fault::stop) << written.error().message;
    EXPECT_NE(written.error().message.find(fix), std::string::npos) << written.error().message;
    EXPECT_EQ(written.error().message.find("wr0ng"), std::string::npos) << written.error().message;
    const auto reached = kind.reach(options_of(fmt::format("url = \"{}\"", url)), services());
    ASSERT_FALSE(reached) << url;
    EXPECT_NE(reached.error().message.find(fix), std::string::npos) << reached.error().message;
  };
  ask("create role needs_password login password 'right'");
  ask("create role t_no_grants login");
  expect_stop(server().url(database, "needs_password", "wr0ng"), "check user and password");
  expect_stop(server().url("nowhere"), "create the database");
  expect_stop(server().url(server().new_database()), "run `cdviz-collector migrate`");
  expect_stop(server().url(database, "t_no_grants"), "cdviz_ingest");
}

TEST_F(PostgresSinkTest, ReachTriesWithoutStoringAnything) {
  ask("create role t_collector login in role cdviz_ingest");
  const auto reached = kind.reach(
      options_of(fmt::format("url = \"{}\"", server().url(database, "t_collector"))), services());
  EXPECT_TRUE(reached) << reached.error().message;
  EXPECT_EQ(stored(), "0");
}

TEST_F(PostgresSinkTest, AUrlThatCannotBeReadIsAMistakeOfTheConfiguration) {
  const auto options = options_of("url = \"postgresql://u:secret@[::1/x\"");
  EXPECT_FALSE(kind.make(options, services()));
  ASSERT_FALSE(loaded.valid());
  EXPECT_EQ(loaded.mistakes().front().message.find("secret"), std::string::npos);
}

std::vector<Event> events_of(int count) {
  std::vector<Event> events;
  for (int i = 0; i < count; ++i) {
    EventData data = *event_of(fmt::format("event {}", i));
    data.subject_id = fmt::format("svc {}", i % 97);
    events.emplace_back(std::move(data));
  }
  return events;
}

TEST_F(PostgresSinkTest, ALargeBatchIsWrittenOverSeveralConnectionsAtOnce) {
  const auto to = sink_to(server().url(database), "connections = 3");
  EXPECT_EQ(to->max_batch(), 2700U);
  const auto batch = events_of(1500);
  auto connection = Connection::open({.url = server().url(database)});
  ASSERT_TRUE(connection);
  HeldUp held(std::move(connection.value()));
  Result<void> written;
  {
    std::jthread writer([&] { written = to->write(batch, {}); });
    held.until_it_waits(3);
    EXPECT_TRUE(held.connection().execute("rollback"));
  }
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(stored(), "1500");
  EXPECT_EQ(counted("cdviz_inserted_events_total"), 1500);
  EXPECT_EQ(counted("cdviz_connections_opened_total"), 3);
  ASSERT_TRUE(to->write(std::span(batch).first(499), {}));
  EXPECT_EQ(counted("cdviz_duplicate_events_total"), 499);
}

TEST_F(PostgresSinkTest, WhatOneConnectionHasCommittedIsNotSentAgainWhenTheOtherFails) {
  const auto to = sink_to(server().url(database), "connections = 2");
  auto batch = events_of(2000);
  batch[137] = event_of("nul", R"("\u0000")");
  batch[1400] = event_of("huge number", "1e400000");
  EXPECT_EQ(deliver(*to, batch), (std::vector<std::string>{"nul 22P05", "huge number 22003"}));
  EXPECT_EQ(stored(), "1998");
  EXPECT_EQ(counted("cdviz_inserted_events_total"), 1998);
  EXPECT_EQ(counted("cdviz_duplicate_events_total"), 0);
}

TEST_F(PostgresSinkTest, OfTwoCopiesTheFirstCountsAlsoWhenTheyCouldBeWrittenAtOnce) {
  const auto to = sink_to(server().url(database), "connections = 4");
  auto batch = events_of(2000);
  // The same key, each with another subject and moment: two transactions would store both.
  for (std::size_t i = 100; i < 2000; i += 100) {
    EventData copy = *event_of("event 0", "2", fmt::format("2026-03-01T12:{:02}:00Z", i / 100));
    copy.subject_id = fmt::format("other {}", i);
    batch[i] = Event(std::move(copy));
  }
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(stored(), "1981");
  EXPECT_EQ(ask("select payload ->> 'customData' from cdviz.events_raw where event_id = 'event 0'"),
            "1");
}

TEST_F(PostgresSinkTest, AServerThatGivesFewerConnectionsIsWrittenToWithFewer) {
  ask("create role t_one_connection login connection limit 1 in role cdviz_ingest");
  const auto to = sink_to(server().url(database, "t_one_connection"), "connections = 4");
  const auto batch = events_of(2000);
  for (int i = 0; i < 2; ++i) {
    const auto written = to->write(batch, {});
    ASSERT_TRUE(written) << written.error().message;
  }
  EXPECT_EQ(stored(), "2000");
  EXPECT_EQ(counted("cdviz_connections_opened_total"), 1);
}

// Last: it ends the sessions of the shared server.
TEST_F(PostgresSinkTest, AServerThatCrashesIsWaitedForAndNothingIsLostOrDoubled) {
  const auto to = sink();
  const std::array first{event_of("a"), event_of("b")};
  const std::array second{event_of("b"), event_of("c")};
  ASSERT_TRUE(to->write(first, {}));
  server().stop_immediately();
  for (int i = 0; i < 2; ++i) {
    const auto away = to->write(second, {});
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().fault, Fault::retry) << away.error().message;
  }
  server().start();
  const auto back = to->write(second, {});
  EXPECT_TRUE(back) << back.error().message;
  EXPECT_EQ(stored(), "3");
}

}  // namespace
}  // namespace cdviz::sinks::postgres
