// Against a real PostgreSQL.
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

}  // namespace
}  // namespace cdviz::sinks::postgres
