// `cdviz-collector migrate`: brings the schema of a database up to what this program needs.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/database_access.h"
#include "commands/print.h"
#include "commands/queue_access.h"
#include "postgres/migrations.h"

namespace cdviz::commands {
namespace {

struct Flags {
  bool dry_run = false;
  bool sql = false;
  std::shared_ptr<DatabaseFlags> database;
};

int run(const Flags& flags) {
  int exit_code = 0;
  auto connection =
      open_database(*flags.database, Login::owner,
                    {.url = {}, .statement_timeout = std::chrono::milliseconds{0}}, exit_code);
  if (!connection) return exit_code;
  const auto known = postgres::known_migrations();

  if (flags.sql || flags.dry_run) {
    const auto status = postgres::migration_status(*connection, known);
    if (!status) return complain(kExitNothing, status.error().message);
    if (flags.sql) {
      print("{}", postgres::sql_of(status.value().pending));
      return 0;
    }
    for (const auto& done : status.value().applied) print("applied  {}\n", done.name);
    for (const auto& pending : status.value().pending) print("pending  {}\n", pending.name);
    return 0;
  }
  const auto report = postgres::migrate(
      *connection,
      {.progress = [](const std::string& line) { print_error("migrate: {}\n", line); }}, known);
  if (!report) return complain(kExitNothing, report.error().message);
  print("{}: schema version {}, {}\n", connection->place(), report.value().version,
        report.value().applied.empty() ? "nothing to do"
                                       : fmt::format("{} applied", report.value().applied.size()));
  return 0;
}

}  // namespace

void add_migrate(CLI::App& app, int& exit_code) {
  auto* verb =
      app.add_subcommand("migrate", "Brings the schema of a PostgreSQL database up to date");
  verb->footer(
      "The database must exist. The role must be a superuser or have CREATEROLE and CREATE on the "
      "database.\nExit codes: 0 up to date, 1 failed (nothing half-done), 64 usage, 78 "
      "configuration.");
  auto flags = std::make_shared<Flags>();
  flags->database = add_database_flags(*verb);
  verb->add_flag("--dry-run", flags->dry_run, "Only list what is applied and what is pending");
  verb->add_flag("--sql", flags->sql, "Only print the SQL of what is pending");
  verb->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace cdviz::commands
