// `cdviz-collector database`: what an operator of the database does: sizes, retention,
// configuration from a file. (`rebuild` is in database_rebuild.cc.)
#include <array>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/database_access.h"
#include "commands/database_rebuild.h"
#include "commands/delivery_settings.h"
#include "commands/output.h"
#include "commands/print.h"
#include "commands/queue_access.h"

namespace cdviz::commands {
namespace {

using postgres::Connection;
using postgres::Parameter;
using postgres::Rows;

/// Sizing a large database and dropping a month may take a while.
constexpr std::chrono::minutes kStatementTimeout{10};

std::optional<Connection> open_as_owner(const DatabaseFlags& flags, int& exit_code) {
  return open_database(flags, Login::owner, {.url = {}, .statement_timeout = kStatementTimeout},
                       exit_code);
}

/// @returns nothing after it complained, with `exit_code` set
std::optional<Rows> ask(Connection& connection, const std::string& sql, int& exit_code) {
  auto rows = connection.execute(sql);
  if (rows) return std::move(rows.value());
  std::string message = rows.error().message;
  if (rows.error().code == "42P01" || rows.error().code == "42883") {
    message += ": the schema is too old, run `cdviz-collector migrate`";
  } else if (rows.error().code == "42501") {
    message += ": this needs the login that owns the schema";
  }
  exit_code = complain(kExitNothing, message);
  return std::nullopt;
}

std::string amount(const Rows& rows, std::size_t row, std::size_t column) {
  if (rows.is_null(row, column)) return "-";
  const auto bytes = rows.integer(row, column);
  return (bytes < 0 ? "-" : "") +
         bytes_text(static_cast<std::uint64_t>(bytes < 0 ? -bytes : bytes));
}

// ---- status ----

constexpr const char* kSizes = R"sql(
select s.what, s.bytes, s.rows, s.partitions, to_char(s.oldest at time zone 'UTC', 'YYYY-MM-DD'),
  ((s.bytes - d.bytes) / nullif((now() at time zone 'UTC')::date - d.day, 0))::bigint as growth
from cdviz_store.sizes() s
left join lateral (select day, bytes from cdviz_store.size_daily d
                   where d.what = s.what and d.day >= (now() at time zone 'UTC')::date - 30 order by day limit 1) d on true
order by s.bytes desc)sql";

constexpr const char* kAbout = R"sql(
select current_setting('server_version'), (select max(number) from cdviz_store.migration), pg_database_size(current_database()),
  (select string_agg(what || ' ' || coalesce(keep::text, 'for ever'), ', ' order by what) from cdviz_store.retention),
  (select case when isfinite(ran_at) then to_char(ran_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') else 'never' end
          || coalesce(', which complained: ' || complaint, '') from cdviz_store.maintenance),
  exists (select from pg_extension where extname = 'pg_stat_statements'))sql";

constexpr const char* kSlowest = R"sql(
select round(mean_exec_time)::bigint, calls, left(regexp_replace(query, '\s+', ' ', 'g'), 120)
from pg_stat_statements s join pg_database d on d.oid = s.dbid and d.datname = current_database()
where query ilike '%cdviz%' and query not ilike '%pg_stat_statements%'
order by mean_exec_time desc limit 10)sql";

struct StatusFlags {
  bool json = false;
  std::shared_ptr<DatabaseFlags> database;
};

void print_status_json(const Connection& connection, const Rows& about, const Rows& sizes) {
  std::string tables = "[";
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    JsonObject table;
    table.text("name", sizes.text(i, 0))
        .number("bytes", sizes.integer(i, 1))
        .number("rows", sizes.integer(i, 2))
        .number("partitions", sizes.integer(i, 3));
    if (!sizes.is_null(i, 4)) table.text("oldest", sizes.text(i, 4));
    if (!sizes.is_null(i, 5)) table.number("bytes_per_day", sizes.integer(i, 5));
    if (i > 0) tables += ',';
    tables += table.done();
  }
  JsonObject status;
  status.text("place", connection.place())
      .text("server_version", about.text(0, 0))
      .number("schema_version", about.integer(0, 1))
      .number("bytes", about.integer(0, 2))
      .text("retention", about.text(0, 3))
      .text("maintenance", about.text(0, 4))
      .raw("tables", tables + "]");
  print("{}\n", status.done());
}

void print_status(const Connection& connection, const Rows& about, const Rows& sizes) {
  print("{}: PostgreSQL {}, schema version {}, {} in all\n", connection.place(), about.text(0, 0),
        about.text(0, 1), amount(about, 0, 2));
  print("retention: {}\nlast maintenance: {}\n\n", about.text(0, 3), about.text(0, 4));
  print("{:<28} {:>10} {:>12} {:>12} {:>10}  {}\n", "TABLE", "SIZE", "ROWS", "GROWTH/DAY",
        "PARTITIONS", "OLDEST");
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    print("{:<28} {:>10} {:>12} {:>12} {:>10}  {}\n", sizes.text(i, 0), amount(sizes, i, 1),
          sizes.text(i, 2), amount(sizes, i, 5), sizes.text(i, 3),
          sizes.is_null(i, 4) ? "" : sizes.text(i, 4));
  }
  print("\nROWS are the planner's estimate; GROWTH/DAY is known from the second day on.\n");
}

int status(const StatusFlags& flags) {
  int exit_code = 0;
  auto connection = open_as_owner(*flags.database, exit_code);
  if (!connection) return exit_code;
  const auto about = ask(*connection, kAbout, exit_code);
  if (!about) return exit_code;
  const auto sizes = ask(*connection, kSizes, exit_code);
  if (!sizes) return exit_code;
  if (flags.json) {
    print_status_json(*connection, *about, *sizes);
    return 0;
  }
  print_status(*connection, *about, *sizes);
  if (!about->boolean(0, 5)) {
    print(
        "\nFor the slowest queries: load pg_stat_statements (shared_preload_libraries) and "
        "run `create extension pg_stat_statements`.\n");
    return 0;
  }
  const auto slowest = ask(*connection, kSlowest, exit_code);
  if (!slowest) return exit_code;
  print("\n{:>8} {:>10}  SLOWEST QUERIES\n", "MEAN ms", "CALLS");
  for (std::size_t i = 0; i < slowest->size(); ++i) {
    print("{:>8} {:>10}  {}\n", slowest->text(i, 0), slowest->text(i, 1),
          shown(slowest->text(i, 2), 120));
  }
  return 0;
}

// ---- retention ----

struct RetentionFlags {
  std::string events, test_cases, runs, refused;
  bool apply = false;
  bool dry_run = false;
  std::shared_ptr<DatabaseFlags> database;
};

/// Sets one rule; "" leaves it, "forever" takes it away. PostgreSQL reads the interval.
bool set_rule(Connection& connection, std::string_view what, const std::string& keep,
              int& exit_code) {
  if (keep.empty()) return true;
  const std::array parameters{Parameter::text(what), Parameter::text(keep)};
  const auto done = connection.execute(
      "update cdviz_store.retention set keep = nullif($2, 'forever')::interval where what = $1",
      parameters);
  if (done) return true;
  exit_code = complain(kExitNothing,
                       done.error().code == "23514"
                           ? fmt::format("--{}: at least 1 day", what)
                           : fmt::format("--{}: {} (write \"13 months\", \"90 days\" or forever)",
                                         what, done.error().message));
  return false;
}

constexpr const char* kExpired = R"sql(
select 'events', name, bytes::text from cdviz_store.retention r, cdviz_store.expired_partitions(r.keep) e where r.what = 'events' and r.keep is not null
union all
select r.what, null, (select count(*) from cdviz_store.run x where (x.kind = 'testcaserun') = (r.what = 'test_cases') and x.last_at < now() - r.keep)::text
from cdviz_store.retention r where r.what in ('test_cases', 'runs') and r.keep is not null
union all
select r.what, null, (select count(*) from cdviz_store.refused_event x where x.at < now() - r.keep)::text
from cdviz_store.retention r where r.what = 'refused' and r.keep is not null)sql";

int apply(Connection& connection, int& exit_code) {
  std::uint64_t rows_deleted = 0;
  for (;;) {
    const auto slice =
        ask(connection, "select what, name, rows from cdviz_store.apply_retention()", exit_code);
    if (!slice) return exit_code;
    if (slice->size() == 0) break;
    if (!slice->is_null(0, 1)) {
      print_error("retention: {} dropped\n", slice->text(0, 1));
    } else {
      rows_deleted += static_cast<std::uint64_t>(slice->integer(0, 2));
      print_error("retention: {}: {} rows deleted so far\n", slice->text(0, 0), rows_deleted);
    }
  }
  return 0;
}

int retention(const RetentionFlags& flags) {
  int exit_code = 0;
  auto connection = open_as_owner(*flags.database, exit_code);
  if (!connection) return exit_code;
  for (const auto& [what, keep] :
       {std::pair{"events", &flags.events}, std::pair{"test_cases", &flags.test_cases},
        std::pair{"runs", &flags.runs}, std::pair{"refused", &flags.refused}}) {
    if (!set_rule(*connection, what, *keep, exit_code)) return exit_code;
  }
  if (flags.dry_run) {
    const auto expired = ask(*connection, kExpired, exit_code);
    if (!expired) return exit_code;
    for (std::size_t i = 0; i < expired->size(); ++i) {
      if (!expired->is_null(i, 1)) {
        print("would drop   {} ({})\n", expired->text(i, 1), amount(*expired, i, 2));
      } else if (expired->integer(i, 2) > 0) {
        print("would delete {} rows of {}\n", expired->text(i, 2), expired->text(i, 0));
      }
    }
    return 0;
  }
  if (flags.apply && apply(*connection, exit_code) != 0) return exit_code;
  const auto rules = ask(*connection,
                         "select what, coalesce(keep::text, 'for ever') from cdviz_store.retention "
                         "order by what",
                         exit_code);
  if (!rules) return exit_code;
  for (std::size_t i = 0; i < rules->size(); ++i) {
    print("{:<11} {}\n", rules->text(i, 0), rules->text(i, 1));
  }
  return 0;
}

// ---- configure ----

int configure_from_file(const DatabaseFlags& flags) {
  const auto config = load_or_print(input_of(*flags.config));
  if (!config) return kExitConfig;
  const std::string settings = delivery_settings(*config);
  if (settings == "{}") {
    return complain(kExitWrongUsage, "the configuration has no [delivery] section");
  }
  int exit_code = 0;
  auto connection = open_as_owner(flags, exit_code);
  if (!connection) return exit_code;
  const auto written = configure(*connection, settings);
  if (!written) return complain(kExitNothing, written.error().message);
  print("{}: {} entries written\n", connection->place(), written.value());
  return 0;
}

void add_status(CLI::App& verb, int& exit_code) {
  auto* status_verb = verb.add_subcommand("status", "Sizes, growth, retention, slowest queries");
  auto flags = std::make_shared<StatusFlags>();
  flags->database = add_database_flags(*status_verb);
  status_verb->add_flag("--json", flags->json, "One JSON object");
  status_verb->callback([flags, &exit_code] { exit_code = status(*flags); });
}

void add_retention(CLI::App& verb, int& exit_code) {
  auto* retention_verb =
      verb.add_subcommand("retention", "How long what is kept; shows it, sets it, applies it");
  auto flags = std::make_shared<RetentionFlags>();
  flags->database = add_database_flags(*retention_verb);
  const auto rule = [&](const char* name, std::string& value, const char* help) {
    retention_verb->add_option(name, value, help)->type_name("INTERVAL");
  };
  rule("--events", flags->events, "The events themselves, by whole months");
  rule("--test-cases", flags->test_cases, "Runs of test cases");
  rule("--runs", flags->runs, "All other runs");
  rule("--refused", flags->refused, "The list of refused events");
  auto* apply_flag = retention_verb->add_flag(
      "--apply", flags->apply,
      "Delete now, in short steps; else the collector does it within the hour");
  retention_verb->add_flag("--dry-run", flags->dry_run, "Only say what would be deleted")
      ->excludes(apply_flag);
  retention_verb->footer(
      "An INTERVAL is one of PostgreSQL (\"13 months\", \"90 days\") or forever. Deployments, "
      "state, "
      "artifacts, changes,\nincidents and counters are never deleted.\n\nExamples:\n"
      "  cdviz-collector database retention --events '13 months' --test-cases '90 days'\n"
      "  cdviz-collector database retention --dry-run");
  retention_verb->callback([flags, &exit_code] { exit_code = retention(*flags); });
}

}  // namespace

void add_database(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand("database",
                                  "Status, retention, configuration and rebuild of the database");
  verb->require_subcommand(1);
  verb->footer(
      "All but status change the database: they need the login that owns the schema.\n"
      "Exit codes: 0 done, 1 failed, 64 usage, 78 configuration.");
  add_status(*verb, exit_code);
  add_retention(*verb, exit_code);
  auto* configure_verb =
      verb->add_subcommand("configure", "Writes [delivery] of a configuration into the database");
  auto database = add_database_flags(*configure_verb);
  configure_verb->footer(
      "What the file does not name stays as it is.\n\nExample:\n"
      "  cdviz-collector database configure --config collector.toml");
  configure_verb->callback([database, &exit_code] { exit_code = configure_from_file(*database); });
  add_rebuild(*verb, exit_code);
}

}  // namespace cdviz::commands
