// transformers: the scripts that the program brings: which there are, and what is in one.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/output.h"
#include "commands/print.h"
#include "transforms/lua/lua.h"

namespace cdviz::commands {
namespace {

/// The first sentence of the folder's README, below its title.
std::string_view summary_of(std::string_view name) {
  const std::string wanted = fmt::format("{}/README.md", name);
  for (const EmbeddedFile& file : transforms::lua::shipped_files()) {
    if (file.name != wanted) continue;
    auto text = file.content;
    text.remove_prefix(std::min(text.find('\n'), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
    return text.substr(0, text.find('\n'));
  }
  return {};
}

int list() {
  for (const auto name : transforms::lua::shipped_names()) {
    print("{:16} {}\n", name, summary_of(name));
  }
  return 0;
}

int show(const std::string& name) {
  const auto script = transforms::lua::shipped_script(name);
  if (script.empty()) {
    return complain(kExitNothing,
                    fmt::format("there is no script {}: `cdviz-collector transformers "
                                "list` says which there are",
                                name));
  }
  print("{}", script);
  return 0;
}

}  // namespace

void add_transformers(CLI::App& app, int& exit_code) {
  CLI::App* const verb =
      app.add_subcommand("transformers", "The scripts that the program brings, to use or to copy");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  cdviz-collector transformers list\n"
      "  cdviz-collector transformers show github > mine.lua");
  CLI::App* const lister = verb->add_subcommand("list", "Their names");
  lister->callback([&exit_code] { exit_code = list(); });
  CLI::App* const shower = verb->add_subcommand("show", "Print one");
  const auto name = std::make_shared<std::string>();
  shower->add_option("NAME", *name, "As `list` prints it")->required();
  shower->callback([name, &exit_code] { exit_code = show(*name); });
}

}  // namespace cdviz::commands
