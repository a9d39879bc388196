// config print: what the layers of the configuration come to.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/config_flags.h"
#include "commands/print.h"
#include "config/print.h"
#include "registry/registry.h"

namespace cdviz::commands {
namespace {

int print_config(const ConfigFlags& flags) {
  const auto catalogue = registry::catalogue();
  const auto config = config::load(input_of(flags), catalogue);
  print("{}", config::print(config, catalogue));
  if (config.valid()) return 0;
  print_mistakes(config);
  return kExitConfig;
}

}  // namespace

void add_config(CLI::App& app, int& exit_code) {
  CLI::App* const verb = app.add_subcommand("config", "Look at the configuration");
  verb->require_subcommand(1);
  CLI::App* const print_verb = verb->add_subcommand(
      "print", "Print every value in use with its origin as TOML; secrets are shown as ***");
  print_verb->footer(
      "Examples:\n"
      "  cdviz-collector config print --config collector.toml\n"
      "  CDVIZ_COLLECTOR__HTTP__PORT=9000 cdviz-collector config print --set log.level=debug\n\n"
      "Exit codes: 0, or 78 if there are mistakes; values that are wrong are shown as their "
      "default then.");
  const auto flags = add_config_flags(*print_verb);
  print_verb->callback([flags, &exit_code] { exit_code = print_config(*flags); });
}

}  // namespace cdviz::commands
