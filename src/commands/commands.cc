#include "commands/commands.h"

#include <CLI/CLI.hpp>

#include "commands/version.h"

namespace cdviz::commands {

void add_all(CLI::App& app, int& exit_code) {
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("cdviz-collector ") + std::string(kVersion));
  add_up(app, exit_code);
  add_demo(app, exit_code);
  add_connect(app, exit_code);
  add_migrate(app, exit_code);
  add_query(app, exit_code);
  add_database(app, exit_code);
  add_delivery_settings(app, exit_code);
  add_grant_reader(app, exit_code);
  add_dead_letters(app, exit_code);
  add_queue(app, exit_code);
  add_check(app, exit_code);
  add_validate(app, exit_code);
  add_types(app, exit_code);
  add_transform(app, exit_code);
  add_transformers(app, exit_code);
  add_config(app, exit_code);
  add_reference(app, exit_code);
  add_completion(app, exit_code);
}

}  // namespace cdviz::commands
