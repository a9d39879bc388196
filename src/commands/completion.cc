// completion: a script for the user's shell.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands/commands.h"
#include "commands/completion_script.h"
#include "commands/print.h"

namespace cdviz::commands {

void add_completion(CLI::App& app, int& exit_code) {
  CLI::App* const verb = app.add_subcommand("completion", "Print a completion script for a shell");
  verb->footer(
      "Examples:\n"
      "  source <(cdviz-collector completion bash)\n"
      "  cdviz-collector completion zsh > ~/.zfunc/_cdviz-collector\n"
      "  cdviz-collector completion fish > ~/.config/fish/completions/cdviz-collector.fish");
  verb->require_subcommand(1);
  const auto add = [&](const char* shell, auto script) {
    verb->add_subcommand(shell, fmt::format("For {}", shell))->callback([&app, &exit_code, script] {
      print("{}", script(app, "cdviz-collector"));
      exit_code = 0;
    });
  };
  add("bash", bash_completion);
  add("zsh", zsh_completion);
  add("fish", fish_completion);
}

}  // namespace cdviz::commands
