// Events a second that the postgres sink stores, beside psql's \copy of the same rows into a bare
// table with one unique key, in turns, on a private server with fsync on. Only the ratio of one run
// can be compared with another run's.
//
// usage: postgres_bench [EVENTS [BATCH [ROUNDS [CONNECTIONS]]]]   (default: 40000, 1000, 5, 2)
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include "config/load.h"
#include "net/routes.h"
#include "postgres/connection.h"
#include "postgres/testing/server.h"
#include "sinks/postgres/postgres.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace {

using namespace cdviz;
using SteadyClock = std::chrono::steady_clock;
using postgres::testing::Server;

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "no server here"}; }
};

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "postgres_bench: %s\n", message.c_str());
  std::exit(1);
}

// 1 KB each, 40 sources, 300 subjects, spread over two days that end now.
std::vector<Event> make_events(std::size_t count) {
  constexpr std::array kTypes = {"service.deployed.0.2.0", "pipelinerun.finished.0.2.0",
                                 "taskrun.started.0.2.0", "artifact.published.0.2.0",
                                 "testcaserun.finished.0.2.0"};
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  std::vector<Event> events;
  for (std::size_t i = 0; i < count; ++i) {
    EventData data{.source = fmt::format("/ci/jenkins-{}", i % 40),
                   .id = fmt::format("271069a8-fc18-44f1-b38f-{:012x}", i * 2654435761U),
                   .type = std::string("dev.cdevents.") + kTypes[i % kTypes.size()],
                   .timestamp = {},
                   .subject_id = fmt::format("namespace/service-{}", i % 300),
                   .json = {}};
    const std::time_t at = now - static_cast<std::time_t>(i * 2 * 86'400 / count);
    std::tm utc{};
    gmtime_r(&at, &utc);
    data.timestamp = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900,
                                 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                                 i % 1'000'000);
    data.json = fmt::format(
        R"({{"context":{{"version":"0.4.1","id":"{}","source":"{}","type":"{}","timestamp":"{}"}},"subject":{{"id":"{}","source":"/cluster","type":"service","content":{{"environment":{{"id":"production","source":"/clusters"}},"artifactId":"pkg:oci/app@sha256%3A{:064x}"}}}},"customData":{{)",
        data.id, data.source, data.type, data.timestamp, data.subject_id, i);
    for (int field = 0; data.json.size() < 980; ++field) {
      data.json += fmt::format(R"("field{}":"some text {}","n{}":{},)", field, i, field, field * i);
    }
    data.json += R"("last":true}})";
    events.emplace_back(std::move(data));
  }
  return events;
}

// The rows in the format of COPY.
void write_rows(const std::vector<Event>& events, const std::filesystem::path& file) {
  std::ofstream out(file);
  for (const Event& event : events)
    out << event->source << '|' << event->id << '\t' << event->json << '\n';
  if (!out.flush()) fail("cannot write " + file.string());
}

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

void run_sql(const std::string& url, const std::string& sql) {
  auto connection =
      postgres::Connection::open({.url = url, .statement_timeout = std::chrono::milliseconds{0}});
  if (!connection) fail(connection.error().message);
  if (const auto done = connection.value().execute(sql); !done) fail(done.error().message);
}

// The lake and all that is folded from it, so that every round begins with the same tables.
constexpr auto* kEmpty =
    "do $$ begin execute 'truncate cdviz_store.event, ' || (select string_agg('cdviz_store.' || "
    "name, ', ') from cdviz_store.rebuilt_tables()); end $$";

double copy_seconds(const std::string& url, const std::filesystem::path& rows) {
  run_sql(url, "drop table if exists bare; create table bare (id text unique, payload jsonb)");
  run_sql(url, "checkpoint");
  const std::string command =
      fmt::format("'{}' -qX -v ON_ERROR_STOP=1 '{}' -c \"\\copy bare from '{}'\"",
                  (Server::programs() / "psql").string(), url, rows.string());
  const auto start = SteadyClock::now();
  if (std::system(command.c_str()) != 0) fail("psql failed");  // NOLINT(concurrency-mt-unsafe)
  return seconds_since(start);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 40'000;
  const std::size_t batch = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  const int connections = argc > 4 ? std::atoi(argv[4]) : 2;
  if (count == 0 || batch == 0 || batch > 5'000 || rounds < 1 || connections < 1)
    fail("usage: postgres_bench [EVENTS [BATCH [ROUNDS [CONNECTIONS]]]]");
  if (const auto why = Server::missing(); !why.empty()) fail(why);

  Server server({.fsync = true});
  const auto url = server.url(server.new_migrated_database());
  const auto events = make_events(count);
  const auto rows =
      std::filesystem::temp_directory_path() / fmt::format("cdviz-rows-{}", server.port());
  write_rows(events, rows);

  static constexpr std::array<const SinkKind*, 1> kKinds = {&sinks::postgres::kind};
  const auto config = config::load(
      {.built_in = {{"bench",
                     fmt::format(
                         "[sinks.database]\nenabled = true\ntype = \"postgres\"\nurl = \"{}\"\n"
                         "batch_events_max = {}\nconnections = {}\n",
                         url, batch, connections)}}},
      {{}, {}, kKinds});
  if (!config.valid()) fail(config.mistakes().front().message);
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log({.level = telemetry::Level::warn}, clock);
  NoRoutes routes;
  auto sink = sinks::postgres::kind.make(config.sinks()[0].options,
                                         {"database", clock, metrics, log, routes});
  if (!sink) fail(sink.error().message);

  std::printf("%zu events of %zu bytes, batches of %zu, connections: %d\n", count,
              events[0]->json.size(), batch, connections);
  std::printf("%-8s %16s %16s %8s %14s\n", "round", "sink events/s", "\\copy rows/s", "ratio",
              "sink CPU us");
  std::vector<double> ratios;
  for (int round = 1; round <= rounds; ++round) {
    run_sql(url, kEmpty);
    run_sql(url, "checkpoint");
    const double cpu = cpu_seconds();
    const auto start = SteadyClock::now();
    const std::size_t most = (*sink)->max_batch();  // as from a full queue
    for (std::size_t at = 0; at < count; at += most) {
      const auto written =
          (*sink)->write(std::span(events).subspan(at, std::min(most, count - at)), {});
      if (!written) fail(written.error().message);
    }
    const double took = seconds_since(start);
    const double cpu_us = (cpu_seconds() - cpu) / static_cast<double>(count) * 1e6;
    const double copy = copy_seconds(url, rows);
    ratios.push_back(copy / took);
    std::printf("%-8d %16.0f %16.0f %8.2f %14.1f\n", round, static_cast<double>(count) / took,
                static_cast<double>(count) / copy, copy / took, cpu_us);
    std::fflush(stdout);
  }
  std::ranges::sort(ratios);
  std::printf("median ratio %.2f\n", ratios[ratios.size() / 2]);
  std::filesystem::remove(rows);
}
