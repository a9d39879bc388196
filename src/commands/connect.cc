// connect: the collector as a service, from a configuration.
#include <CLI/CLI.hpp>

#include "commands/commands.h"
#include "commands/config_flags.h"
#include "commands/run_collector.h"

namespace cdviz::commands {

void add_connect(CLI::App& app, int& exit_code) {
  CLI::App* const verb = app.add_subcommand("connect", "Run the collector");
  verb->footer(
      "Examples:\n"
      "  cdviz-collector connect --config collector.toml\n"
      "  CDVIZ_COLLECTOR__HTTP__PORT=9000 cdviz-collector connect --config collector.toml\n"
      "  cdviz-collector connect --config base.toml --config site.toml --set log.level=debug\n\n"
      "Signals: SIGTERM and SIGINT drain and end it (a second one ends it at once), SIGHUP reads "
      "the\n"
      "configuration anew. Exit codes: 0 everything delivered, 75 events left on disk for the "
      "next\n"
      "start, 78 mistakes in the configuration, 1 anything else.");
  auto flags = add_config_flags(*verb);
  verb->callback([flags, &exit_code] {
    exit_code = run_collector({.input = [flags] { return input_of(*flags); }});
  });
}

}  // namespace cdviz::commands
