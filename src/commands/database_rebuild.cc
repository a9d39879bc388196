// `cdviz-collector database rebuild`: makes the projections again from the lake, beside the live
// tables, while events come in; what differs is written at the end. Each slice is a transaction,
// and a rebuild that was interrupted goes on where it was (cdviz_store.rebuild_step).
#include "commands/database_rebuild.h"

#include <array>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "commands/database_access.h"
#include "commands/output.h"
#include "commands/print.h"
#include "commands/signals.h"

namespace cdviz::commands {
namespace {

using postgres::Connection;
using postgres::Parameter;

struct Flags {
  std::string since;
  int slice = 5000;
  bool cancel = false;
  bool restart = false;
  std::shared_ptr<DatabaseFlags> database;
};

int failed(const Error& error) {
  if (error.code == "42883" || error.code == "3F000") {
    return complain(kExitNothing,
                    error.message + ": the schema is too old, run `cdviz-collector migrate`");
  }
  return complain(kExitNothing, error.message);
}

int cancel(Connection& connection) {
  const auto cancelled = connection.execute("select cdviz_store.rebuild_cancel()");
  if (!cancelled) return failed(cancelled.error());
  if (!cancelled->boolean(0, 0)) return complain(kExitNothing, "no rebuild is under way");
  print("the rebuild was given up; the projections are as they were\n");
  return 0;
}

/// Begins anew when that was asked for; else a rebuild under way goes on. @returns an exit code
int begin(Connection& connection, const Flags& flags) {
  if (flags.since.empty() && !flags.restart) return 0;
  const std::array parameters{Parameter::text(flags.since)};
  const auto begun = connection.execute(
      "select cdviz_store.rebuild_begin(nullif($1, '')::timestamptz)", parameters);
  if (begun) return 0;
  if (begun.error().code == "22007") {
    return complain(kExitWrongUsage, "--since: write a date or time, for example 2026-01-31");
  }
  return failed(begun.error());
}

class Progress {
 public:
  void show(std::int64_t done, std::int64_t goal, std::string_view phase) {
    const auto percent = goal > 0 ? 100 * done / goal : 100;
    if (terminal_) {
      print_error("\rrebuild: {} of {} events ({} %), {}   ", done, goal, percent, phase);
    } else if (percent / 10 != last_ / 10) {
      print_error("rebuild: {} of {} events ({} %), {}\n", done, goal, percent, phase);
    }
    last_ = percent;
  }
  void end() const {
    if (terminal_) print_error("\n");
  }

 private:
  const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::int64_t last_ = -10;
};

int run(const Flags& flags) {
  int exit_code = 0;
  auto connection =
      open_database(*flags.database, Login::owner,
                    {.url = {}, .statement_timeout = std::chrono::milliseconds{0}}, exit_code);
  if (!connection) return exit_code;
  if (flags.cancel) return cancel(*connection);
  if (const int begun = begin(*connection, flags); begun != 0) return begun;

  const Signals signals;
  const std::string slice = std::to_string(flags.slice);
  const std::array parameters{Parameter::text(slice)};
  Progress progress;
  for (;;) {
    const auto step = connection->execute(
        "select phase, events_done, events_goal, rows_changed from "
        "cdviz_store.rebuild_step(($1)::text::int)",
        parameters);
    if (!step) {
      progress.end();
      return failed(step.error());
    }
    progress.show(step->integer(0, 1), step->integer(0, 2), step->text(0, 0));
    if (step->text(0, 0) == "done") {
      progress.end();
      print("{} events folded, {} rows were wrong and are mended\n", step->text(0, 1),
            step->text(0, 3));
      return 0;
    }
    if (const int signal = signals.wait(std::chrono::seconds(0)); signal != 0) {
      progress.end();
      return complain(128 + signal,
                      "interrupted; the same command goes on from here, --cancel gives it up");
    }
  }
}

}  // namespace

void add_rebuild(CLI::App& verb, int& exit_code) {
  auto* rebuild =
      verb.add_subcommand("rebuild", "Makes the projections again from the stored events");
  rebuild->footer(
      "Runs beside the live tables while events come in; readers see the old rows until the end. "
      "Ctrl-C leaves it where\nit is, the same command goes on.\n\nExamples:\n"
      "  cdviz-collector database rebuild\n"
      "  cdviz-collector database rebuild --since 2026-01-01   # only what happened from that day "
      "on");
  auto flags = std::make_shared<Flags>();
  flags->database = add_database_flags(*rebuild);
  rebuild->add_option("--since", flags->since, "Begin anew, and only with that day (UTC)")
      ->type_name("TIME");
  rebuild->add_option("--slice", flags->slice, "Events in one transaction")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  auto* restart =
      rebuild->add_flag("--restart", flags->restart, "Begin anew also when one is under way");
  rebuild->add_flag("--cancel", flags->cancel, "Give up the one that is under way")
      ->excludes(restart);
  rebuild->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace cdviz::commands
