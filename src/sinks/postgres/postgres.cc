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

#include <unistd.h>

#include "config/options.h"
#include "postgres/connection.h"
#include "postgres/fault.h"
#include "postgres/url.h"
#include "sinks/postgres/event_notes.h"
#include "sinks/postgres/housekeeping.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::postgres {
namespace {

using cdviz::postgres::Connection;
using cdviz::postgres::ConnectSettings;
using cdviz::postgres::Parameter;

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
/// For one who waits at a terminal.
constexpr std::chrono::milliseconds kReachTimeout{4'000};

ConnectSettings settings_of(const config::Options& options) {
  return {.url = options.text("url"),
          .connect_timeout = options.duration("connect_timeout"),
          .statement_timeout = options.duration("statement_timeout")};
}

// What a user can do about it stands in the message.
Error with_advice(Error error) {
  const std::string& code = error.code;
  if (code == "42883" || code == "3F000" || code == "42P01") {
    error.message += ": the schema is not there, run `cdviz-collector migrate`";
  } else if (code == "42501") {
    error.message += ": the role must be a member of cdviz_ingest (`grant cdviz_ingest to ROLE`)";
  } else if (code == "28P01" || code == "28000") {
    error.message += ": check user and password of the sink's url, and pg_hba.conf";
  } else if (code == "3D000") {
    error.message += ": create the database, then run `cdviz-collector migrate`";
  }
  return error;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

class PostgresSink final : public Sink {
 public:
  PostgresSink(ConnectSettings settings, std::size_t batch_events_max, std::size_t batch_bytes_max,
               const Services& services)
      : settings_(std::move(settings)),
        batch_events_max_(batch_events_max),
        batch_bytes_max_(batch_bytes_max),
        clock_(services.clock),
        housekeeping_(host_name() + ":" + services.name),
        inserted_(services.metrics.counter("cdviz_inserted_events_total",
                                           "Events that the database did not have before.",
                                           {{"component_id", services.name}})),
        duplicates_(services.metrics.counter("cdviz_duplicate_events_total",
                                             "Events that the other end had already.",
                                             {{"component_id", services.name}})),
        connects_(services.metrics.counter("cdviz_connections_opened_total",
                                           "Connections made to the other end.",
                                           {{"component_id", services.name}})) {}

  Result<void> write(std::span<const Event> batch, std::stop_token stop) override {
    if (auto connected = connect(stop); !connected) return with_advice(connected.error());
    events_.clear();
    notes_.clear();
    for (const Event& event : batch) {
      if (const std::string notes = stored_notes(*event); !notes.empty()) {
        // Behind the last notes there need not be anything: most batches have none at all.
        while (notes_.size() < events_.size()) notes_.add_null();
        notes_.add(notes);
      }
      events_.add(event->json);
    }
    const std::array parameters{Parameter::json_array(events_.bytes()),
                                Parameter::json_array(notes_.bytes())};
    const auto stored = connection_->execute(
        "select inserted, duplicates from cdviz_store.ingest($1, $2)", parameters, stop);
    if (!stored) return failed(batch, stored.error());
    timeouts_ = 0;
    inserted_.Increment(static_cast<double>(stored.value().integer(0, 0)));
    duplicates_.Increment(static_cast<double>(stored.value().integer(0, 1)));
    housekeeping_.maintain(*connection_, clock_.now(), stop);
    return {};
  }

  bool wants_refusals() const override { return true; }
  Result<void> note_refusals(std::span<const Refusal> refusals, std::stop_token stop) override {
    if (auto connected = connect(stop); !connected) return connected.error();
    return housekeeping_.note(*connection_, refusals, stop);
  }

  std::size_t max_batch() const override { return batch_events_max_; }
  std::size_t max_batch_bytes() const override { return batch_bytes_max_; }

 private:
  Result<void> connect(const std::stop_token& stop) {
    if (connection_ && connection_->usable()) return {};
    connection_.reset();
    auto opened = Connection::open(settings_, stop);
    if (!opened) return opened.error();
    connection_.emplace(std::move(opened.value()));
    connects_.Increment();
    return {};
  }

  Result<void> failed(std::span<const Event> batch, const Error& error) {
    if (error.code == "57014") {
      // Perhaps the server is busy, perhaps the batch is too large for it: then the dispatcher
      // halves it.
      if (++timeouts_ >= kTimeoutsBeforeSplit && batch.size() > 1) {
        return Error{Fault::reject, error.message, error.code};
      }
      return Error{Fault::retry, error.message, error.code};
    }
    timeouts_ = 0;
    if (cdviz::postgres::meaning_of(error.code).duplicate && batch.size() == 1 &&
        is_key_of_lake(connection_->last_complaint())) {
      duplicates_.Increment();
      return {};
    }
    return with_advice(error);
  }

  // ingest() counts duplicates itself. A complaint about the lake's own key still means that the
  // event is there; about any other unique key it does not.
  static bool is_key_of_lake(const cdviz::postgres::Complaint& complaint) {
    // Its partitions are event_202603, event_2031, event_before_2000 and event_from_2100. The
    // tables event_conflict, event_source and event_count_… are no part of it.
    constexpr std::string_view kBefore = "event_";
    constexpr std::string_view kAfter = "_pkey";
    std::string_view name = complaint.constraint;
    if (complaint.schema != "cdviz_store" || !name.starts_with(kBefore) ||
        !name.ends_with(kAfter) || name.size() <= kBefore.size() + kAfter.size()) {
      return false;
    }
    name = name.substr(kBefore.size(), name.size() - kBefore.size() - kAfter.size());
    return name == "before_2000" || name == "from_2100" ||
           std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
  }

  const ConnectSettings settings_;
  const std::size_t batch_events_max_;
  const std::size_t batch_bytes_max_;
  const Clock& clock_;
  Housekeeping housekeeping_;
  telemetry::Counter& inserted_;
  telemetry::Counter& duplicates_;
  telemetry::Counter& connects_;
  std::optional<Connection> connection_;
  cdviz::postgres::JsonArray events_;
  cdviz::postgres::JsonArray notes_;
  int timeouts_ = 0;
};

Result<std::unique_ptr<Sink>> make(const config::Options& options, const Services& services) {
  if (const auto url = cdviz::postgres::parse_url(options.text("url")); !url) {
    options.problem("url", url.error().message);
    return url.error();
  }
  return std::unique_ptr<Sink>(std::make_unique<PostgresSink>(
      settings_of(options), static_cast<std::size_t>(options.integer("batch_events_max")),
      static_cast<std::size_t>(options.bytes("batch_bytes_max")), services));
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
