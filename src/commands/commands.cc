#include "commands/commands.h"

#include <CLI/CLI.hpp>

namespace cdviz::commands {

void add_all(CLI::App& app, int& exit_code) {
  static_cast<void>(exit_code);
  app.require_subcommand(1);
}

}  // namespace cdviz::commands
