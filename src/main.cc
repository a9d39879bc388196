// cdviz-collector: a table of contents. Which command, run it.
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>

#include "commands/commands.h"
#include "commands/print.h"

namespace {

int run(int argc, char** argv) {
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
    std::ostringstream out;
    const bool asked = app.exit(error, out, std::cerr) == 0;
    cdviz::commands::print("{}", out.str());
    return asked ? 0 : kExitUsage;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  return cdviz::commands::exit_code_of([&] { return run(argc, argv); });
}
