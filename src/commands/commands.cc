#include "commands/commands.h"

#include <CLI/CLI.hpp>

#include "commands/version.h"

namespace cdviz::commands {

void add_all(CLI::App& app, int& exit_code) {
  app.require_subcommand(1);
  static_cast<void>(exit_code);
  app.set_version_flag("--version", std::string("cdviz-collector ") + std::string(kVersion));
}

}  // namespace cdviz::commands
