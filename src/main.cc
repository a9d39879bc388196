// cdviz-collector: a table of contents. Which command, run it.
#include <CLI/CLI.hpp>

#include "commands/commands.h"

int main(int argc, char** argv) {
  CLI::App app{
      "Collects the events of software delivery as CDEvents, keeps them safe, and sends them on."};
  int exit_code = 0;
  cdviz::commands::add_all(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too; every mistake on the command line is EX_USAGE of
    // sysexits.h.
    constexpr int kExitUsage = 64;
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return exit_code;
}
