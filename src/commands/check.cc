// check: the whole configuration, every mistake at once. Touches neither the queue nor, without
// --reach, the network.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/assembly.h"
#include "commands/commands.h"
#include "commands/config_flags.h"
#include "commands/print.h"
#include "commands/surroundings.h"
#include "net/options.h"
#include "postgres/connection.h"
#include "registry/registry.h"
#include "web/api/options.h"

namespace cdviz::commands {
namespace {

/// EX_UNAVAILABLE of sysexits.h: the configuration is right, but somebody does not answer.
constexpr int kExitUnavailable = 69;

std::string count(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

template <class Entries>
std::size_t enabled(const Entries& entries) {
  std::size_t number = 0;
  for (const auto& entry : entries) number += entry.enabled ? 1 : 0;
  return number;
}

/// Tries the other end of each component that has one. @returns whether all answered
template <class Entries>
bool reach_all(std::string_view part, const Entries& entries, Surroundings& surroundings) {
  bool all = true;
  for (const auto& entry : entries) {
    if (!entry.enabled || entry.kind->reach == nullptr) continue;
    const auto reached = entry.kind->reach(entry.options, surroundings.services(entry.name));
    if (reached) {
      print("{}.{}: reached\n", part, entry.name);
    } else {
      print_error("{}.{}: {}\n", part, entry.name, reached.error().message);
      all = false;
    }
  }
  return all;
}

/// Tries the dashboard's database, if there is one.
bool reach_dashboard(const std::string& url) {
  if (url.empty()) return true;
  const auto connection = postgres::Connection::open({.url = url, .read_write = false});
  if (connection)
    print("dashboard: reached\n");
  else
    print_error("dashboard: {}\n", connection.error().message);
  return connection.has_value();
}

int check(const ConfigFlags& flags, bool with_reach) {
  auto config = config::load(input_of(flags), registry::catalogue());
  Surroundings surroundings;
  static_cast<void>(make_parts(config, surroundings.services()));
  static_cast<void>(net::settings_from(config.section("http")));
  const auto dashboard =
      web::api::settings_from(config.section("dashboard"), config.section("http"));
  // After a syntax error nothing was read, so that this would mislead.
  if (config.valid()) config.expect_flow();
  if (!config.valid()) {
    print_mistakes(config);
    return kExitConfig;
  }
  const auto sources = enabled(config.sources());
  const auto sinks = enabled(config.sinks());
  const auto disabled = config.sources().size() + config.sinks().size() - sources - sinks;
  print("configuration is valid: {}, {}{}\n", count(sources, "source"), count(sinks, "sink"),
        disabled == 0 ? "" : fmt::format(", {} disabled", disabled));
  if (!with_reach) return 0;
  flush_output();
  bool all = reach_all("sources", config.sources(), surroundings);
  all = reach_all("sinks", config.sinks(), surroundings) && all;
  all = reach_dashboard(dashboard.api.database.url) && all;
  return all ? 0 : kExitUnavailable;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  CLI::App* const verb =
      app.add_subcommand("check", "Check the configuration: every mistake at once");
  verb->footer(
      "Examples:\n"
      "  cdviz-collector check --config collector.toml\n"
      "  cdviz-collector check --config base.toml --config site.toml --set log.level=debug\n"
      "  cdviz-collector check --config collector.toml --reach\n\n"
      "Exit codes: 0 valid, 78 there are mistakes, 69 somebody cannot be reached (with --reach).");
  const auto flags = add_config_flags(*verb);
  const auto with_reach = std::make_shared<bool>(false);
  verb->add_flag("--reach", *with_reach,
                 "Also try whether databases and servers answer and let us in");
  verb->callback([flags, with_reach, &exit_code] { exit_code = check(*flags, *with_reach); });
}

}  // namespace cdviz::commands
