// Stores events in PostgreSQL 15 or later, in the schema of database/migrations, through its one
// write function: one call of cdviz_store.ingest is one transaction. Success means that
// PostgreSQL has committed the batch. An event is stored once whatever comes twice, so when the
// connection breaks before the answer the batch is sent again.
#include "sinks/postgres/postgres.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include <unistd.h>

#include "config/options.h"
#include "postgres/connection.h"
#include "postgres/url.h"
#include "sinks/postgres/housekeeping.h"
#include "sinks/postgres/parts.h"
#include "sinks/postgres/writer.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::postgres {
namespace {

using cdviz::postgres::Connection;
using cdviz::postgres::ConnectSettings;

constexpr std::array kOptions = {
    Option{.name = "url",
           .type = OptionType::secret,
           .help = "Where the database is. Several hosts separated by commas are tried in turn, "
                   "and only one that "
                   "takes writes is used. TLS: `sslmode=verify-full&sslrootcert=FILE`.",
           .required = true,
           .example = "postgresql://collector@db1:5432,db2:5432/cdviz?sslmode=verify-full"},
    Option{.name = "batch_events_max",
           .type = OptionType::integer,
           .fallback = "1000",
           .help = "Most events in one transaction. Batches form by themselves while the one "
                   "before is written; "
                   "500 to 2000 is fastest.",
           .min = 1,
           .max = 5000},
    Option{.name = "batch_bytes_max",
           .type = OptionType::bytes,
           .fallback = "4MiB",
           .help = "Most bytes of JSON in one transaction; a larger event goes alone.",
           .min = 1024,
           .max = std::int64_t{256} * 1024 * 1024},
    Option{.name = "connections",
           .type = OptionType::integer,
           .fallback = "2",
           .help = "Connections that write at the same time, when at least 500 events (or half of "
                   "batch_events_max) wait for each of them. More than the server has cores is of "
                   "no use.",
           .min = 1,
           .max = 16},
    Option{.name = "statement_timeout",
           .type = OptionType::duration,
           .fallback = "30s",
           .help = "PostgreSQL cancels a write that takes longer. It is tried again, after three "
                   "times in smaller "
                   "batches.",
           .min = 100,
           .max = 3'600'000},
    Option{.name = "connect_timeout",
           .type = OptionType::duration,
           .fallback = "5s",
           .help = "For each host of the URL.",
           .min = 100,
           .max = 600'000},
};

/// Times that the same batch may run into statement_timeout before it is halved.
constexpr int kTimeoutsBeforeSplit = 3;
/// With fewer, what two transactions cost is more than what the second connection saves.
constexpr std::size_t kWorthAConnection = 500;
/// Before a connection that the server did not give is asked for again.
constexpr std::chrono::seconds kPauseAfterRefusal{30};
/// For one who waits at a terminal.
constexpr std::chrono::milliseconds kReachTimeout{4'000};

ConnectSettings settings_of(const config::Options& options) {
  return {.url = options.text("url"),
          .connect_timeout = options.duration("connect_timeout"),
          .statement_timeout = options.duration("statement_timeout")};
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

class PostgresSink final : public Sink {
 public:
  PostgresSink(ConnectSettings settings, const TransactionLimits& limits, std::size_t connections,
               const Services& services)
      : settings_(std::move(settings)),
        limits_(limits),
        clock_(services.clock),
        log_(services.log),
        name_(services.name),
        housekeeping_(host_name() + ":" + services.name) {
    const telemetry::Labels labels{{"component_id", services.name}};
    const Counters counters{
        services.metrics.counter("cdviz_inserted_events_total",
                                 "Events that the database did not have before.", labels),
        services.metrics.counter("cdviz_duplicate_events_total",
                                 "Events that the other end had already.", labels),
        services.metrics.counter("cdviz_connections_opened_total",
                                 "Connections made to the other end.", labels)};
    writers_.reserve(connections);
    for (std::size_t i = 0; i < connections; ++i) {
      writers_.emplace_back(settings_, limits_, counters);
    }
  }

  Result<void> write(std::span<const Event> batch, std::stop_token stop) override {
    if (auto connected = writers_.front().connect(stop); !connected) return connected.error();
    Part missing;
    for (const Event& event : batch) {
      if (!committed_.contains(&*event)) missing.push_back(&event);
    }
    if (auto stored = store(missing, stop); !stored) return failed(batch, stored.error());
    for (const Event& event : batch) committed_.erase(&*event);
    timeouts_ = 0;
    housekeeping_.maintain(writers_.front().connection(), clock_.now(), stop);
    return {};
  }

  bool wants_refusals() const override { return true; }
  Result<void> note_refusals(std::span<const Refusal> refusals, std::stop_token stop) override {
    if (auto connected = writers_.front().connect(stop); !connected) return connected.error();
    return housekeeping_.note(writers_.front().connection(), refusals, stop);
  }

  std::size_t max_batch() const override { return whole(limits_.events); }
  std::size_t max_batch_bytes() const override { return whole(limits_.bytes); }

 private:
  /// Of all connections together. The parts of a batch are never quite equal: with a tenth less
  /// than would fit, the largest still is one transaction.
  std::size_t whole(std::size_t limit) const {
    return writers_.size() == 1 ? limit : limit * writers_.size() * 9 / 10;
  }

  /// Stores them over as many connections as are worth it. If some of it fails, what was committed
  /// is remembered: the dispatcher sends all of it again, and it would be counted as duplicates.
  Result<void> store(const Part& events, const std::stop_token& stop) {
    const std::size_t worth = std::clamp<std::size_t>(limits_.events / 2, 1, kWorthAConnection);
    const std::size_t ways = std::min(writers_.size(), events.size() / worth);
    const std::size_t connected = ways > 1 ? connect_more(ways, stop) : 1;
    const std::vector<Part> parts = divide(events, connected);
    std::vector<Written> written(parts.size());
    {
      std::vector<std::jthread> others;
      for (std::size_t i = 1; i < parts.size(); ++i) {
        others.emplace_back([&, i] { written[i] = write_part(writers_[i], parts[i], stop); });
      }
      if (!parts.empty()) written[0] = write_part(writers_[0], parts[0], stop);
    }
    std::optional<Error> worst;
    for (Written& one : written) {
      if (one.error && (!worst || weight(one.error->fault) > weight(worst->fault))) {
        worst = std::move(one.error);
      }
    }
    if (!worst) return {};
    if (committed_.size() + events.size() > max_batch())
      committed_.clear();  // of no batch any more
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (const Event* event : std::span(parts[i]).first(written[i].committed)) {
        committed_.emplace(&**event, *event);
      }
    }
    return *worst;
  }

  /// What a thread must not let through.
  static Written write_part(Writer& writer, const Part& part, const std::stop_token& stop) {
    try {
      return writer.write(part, stop);
    } catch (const std::exception& e) {
      return {.error = Error{Fault::retry, std::string("unexpected: ") + e.what(), "exception"}};
    }
  }

  /// What has to be done first: an administrator, a pause, halves.
  static int weight(Fault fault) {
    return fault == Fault::stop ? 2 : fault == Fault::retry ? 1 : 0;
  }

  /// Opens connections until there are `wanted`. One that the server does not give is no reason to
  /// wait: it is asked for again later. @returns how many there are
  std::size_t connect_more(std::size_t wanted, const std::stop_token& stop) {
    if (clock_.now() < refused_until_) wanted = std::min(wanted, granted_);
    for (std::size_t i = 1; i < wanted; ++i) {
      const auto connected = writers_[i].connect(stop);
      if (connected) continue;
      refused_until_ = clock_.now() + kPauseAfterRefusal;
      granted_ = i;
      log_.warn(name_, "a further connection cannot be opened: writing with fewer",
                {{"connections", std::to_string(i)}, {"error", connected.error().message}});
      return i;
    }
    return wanted;
  }

  Result<void> failed(std::span<const Event> batch, const Error& error) {
    if (error.code != "57014") {
      timeouts_ = 0;
      return error;
    }
    // Perhaps the server is busy, perhaps the batch is too large for it: then the dispatcher
    // halves it.
    const bool too_large = ++timeouts_ >= kTimeoutsBeforeSplit && batch.size() > 1;
    return Error{too_large ? Fault::reject : Fault::retry, error.message, error.code};
  }

  const ConnectSettings settings_;
  const TransactionLimits limits_;
  const Clock& clock_;
  telemetry::Log& log_;
  const std::string name_;
  Housekeeping housekeeping_;
  std::vector<Writer> writers_;
  /// Of batches that failed in part: what is stored of them. Held, so that no other event gets the
  /// same address.
  std::unordered_map<const EventData*, Event> committed_;
  std::chrono::steady_clock::time_point refused_until_;  ///< until then no more than granted_
  std::size_t granted_ = 1;
  int timeouts_ = 0;
};

Result<std::unique_ptr<Sink>> make(const config::Options& options, const Services& services) {
  if (const auto url = cdviz::postgres::parse_url(options.text("url")); !url) {
    options.problem("url", url.error().message);
    return url.error();
  }
  return std::unique_ptr<Sink>(std::make_unique<PostgresSink>(
      settings_of(options),
      TransactionLimits{.events = static_cast<std::size_t>(options.integer("batch_events_max")),
                        .bytes = static_cast<std::size_t>(options.bytes("batch_bytes_max"))},
      static_cast<std::size_t>(options.integer("connections")), services));
}

Result<void> reach(const config::Options& options, const Services&) {
  ConnectSettings settings = settings_of(options);
  settings.connect_timeout = std::min(settings.connect_timeout, kReachTimeout);
  settings.statement_timeout = std::min(settings.statement_timeout, kReachTimeout);
  auto connection = Connection::open(settings);
  if (!connection) return with_advice(connection.error());
  const auto found = connection.value().execute(
      "select has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute'), "
      "current_user "
      "from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
      "where n.nspname = 'cdviz_store' and p.oid = (select max(oid) from pg_proc where proname = "
      "'ingest' "
      "and pronamespace = n.oid)");
  if (!found) return with_advice(found.error());
  const std::string& place = connection.value().place();
  if (found.value().size() == 0) {
    return Error{
        Fault::stop,
        "PostgreSQL at " + place + ": the schema is not there, run `cdviz-collector migrate`",
        "42883"};
  }
  if (!found.value().boolean(0, 0)) {
    return Error{Fault::stop,
                 "PostgreSQL at " + place + ": role " + std::string(found.value().text(0, 1)) +
                     " may not store events: grant cdviz_ingest to it",
                 "42501"};
  }
  return {};
}

constexpr SinkKind kind_named(std::string_view name, std::string_view summary) {
  return {.name = name, .summary = summary, .options = kOptions, .make = &make, .reach = &reach};
}

}  // namespace

const SinkKind kind = kind_named("postgres", "Stores each event once in PostgreSQL.");
const SinkKind kind_db =
    kind_named("db", "The same as `postgres`, for configurations of the existing collector.");

}  // namespace cdviz::sinks::postgres
