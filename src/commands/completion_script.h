// Completion for shells, made from the command line's own description, so that it cannot be out of
// date.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace cdviz::commands {

/// https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
std::string bash_completion(const CLI::App& app, const std::string& program);
/// https://zsh.sourceforge.io/Doc/Release/Completion-System.html
std::string zsh_completion(const CLI::App& app, const std::string& program);
/// https://fishshell.com/docs/current/completions.html
std::string fish_completion(const CLI::App& app, const std::string& program);

}  // namespace cdviz::commands
