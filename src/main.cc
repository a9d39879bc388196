// cdviz-collector: a table of contents. Which command, run it.
#include <CLI/CLI.hpp>

#include "commands/commands.h"

int main(int argc, char** argv) {
  CLI::App app{
      "Collects the events of software delivery as CDEvents, keeps them safe, and sends them on."};
  int exit_code = 0;
  cdviz::commands::add_all(app, exit_code);
  CLI11_PARSE(app, argc, argv);
  return exit_code;
}
