// `cdviz-collector migrate`: brings the schema of a database up to what this program needs.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/config_flags.h"
#include "postgres/migrations.h"

namespace cdviz::commands {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 64;  // EX_USAGE of sysexits.h

struct Flags {
  std::string url;
  std::string url_file;
  bool dry_run = false;
  bool sql = false;
  std::shared_ptr<ConfigFlags> config;
};

int complain(int code, const std::string& message) {
  fmt::print(stderr, "migrate: {}\n", message);
  return code;
}

// The text of a file without the line end that editors add.
std::optional<std::string> first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) return std::nullopt;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

// @returns the exit code when there is no URL
int url_of_config(const ConfigFlags& flags, std::string& url) {
  const auto config = load_or_print(input_of(flags));
  if (!config) return kExitConfig;
  std::vector<std::string> names;
  for (const config::SinkEntry& sink : config->sinks()) {
    if (!sink.enabled || (sink.kind->name != "postgres" && sink.kind->name != "db")) continue;
    url = sink.options.text("url");
    names.push_back(sink.name);
  }
  if (names.empty()) {
    return complain(kExitUsage, "no postgres sink is enabled in the configuration: give --url");
  }
  if (names.size() > 1) {
    return complain(kExitUsage,
                    fmt::format("the configuration has {} postgres sinks ({}): give --url",
                                names.size(), fmt::join(names, ", ")));
  }
  return 0;
}

int find_url(const Flags& flags, std::string& url) {
  if (!flags.url.empty()) {
    url = flags.url;
    return 0;
  }
  if (!flags.url_file.empty()) {
    const auto line = first_line_of(flags.url_file);
    if (!line) return complain(kExitUsage, "cannot read a URL from " + flags.url_file);
    url = *line;
    return 0;
  }
  if (const char* set = std::getenv("CDVIZ_DATABASE_URL");  // NOLINT(concurrency-mt-unsafe)
      set != nullptr && *set != '\0') {
    url = set;
    return 0;
  }
  if (!flags.config->files.empty() || !flags.config->settings.empty()) {
    return url_of_config(*flags.config, url);
  }
  return complain(kExitUsage,
                  "which database? Give --url, --url-file, CDVIZ_DATABASE_URL, or --config with a "
                  "postgres sink");
}

int run(const Flags& flags) {
  std::string url;
  if (const int failed = find_url(flags, url); failed != 0) return failed;
  auto connection =
      postgres::Connection::open({.url = url, .statement_timeout = std::chrono::milliseconds{0}});
  if (!connection) return complain(kExitFailed, connection.error().message);
  const auto known = postgres::known_migrations();

  if (flags.sql || flags.dry_run) {
    const auto status = postgres::migration_status(connection.value(), known);
    if (!status) return complain(kExitFailed, status.error().message);
    if (flags.sql) {
      fmt::print("{}", postgres::sql_of(status.value().pending));
      return 0;
    }
    for (const auto& done : status.value().applied) fmt::print("applied  {}\n", done.name);
    for (const auto& pending : status.value().pending) fmt::print("pending  {}\n", pending.name);
    return 0;
  }
  const auto report = postgres::migrate(
      connection.value(),
      {.progress = [](const std::string& line) { fmt::print(stderr, "migrate: {}\n", line); }},
      known);
  if (!report) return complain(kExitFailed, report.error().message);
  fmt::print("{}: schema version {}, {}\n", connection.value().place(), report.value().version,
             report.value().applied.empty()
                 ? "nothing to do"
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
  verb->add_option(
      "--url", flags->url,
      "postgresql://user:password@host:5432/database; other users of this machine can see "
      "it: prefer --url-file or CDVIZ_DATABASE_URL");
  verb->add_option("--url-file", flags->url_file, "A file whose first line is the URL")
      ->type_name("FILE");
  verb->add_flag("--dry-run", flags->dry_run, "Only list what is applied and what is pending");
  verb->add_flag("--sql", flags->sql, "Only print the SQL of what is pending");
  flags->config = add_config_flags(*verb);
  verb->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace cdviz::commands
