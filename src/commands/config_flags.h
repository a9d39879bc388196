// --config, --set and -C, which all commands that read the configuration have in common.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"

namespace CLI {
class App;
}

namespace cdviz::commands {

/// EX_CONFIG of sysexits.h: there are mistakes in the configuration.
inline constexpr int kExitConfig = 78;

struct ConfigFlags {
  std::vector<std::string> files;     ///< --config, or CDVIZ_COLLECTOR_CONFIG
  std::vector<std::string> settings;  ///< --set
};

/// Declares the flags. What they were is known when the verb's callback runs. -C takes effect while
/// the command line is parsed: every path after it is relative to that directory.
std::shared_ptr<ConfigFlags> add_config_flags(CLI::App& verb);

/// The flags and the environment of this process, ready for config::load. May be called again: the
/// files are read by load.
config::Input input_of(const ConfigFlags& flags);

/// Writes every mistake to standard error, one a line, and how many there are.
void print_mistakes(const config::Config& config);

/// Loads with the catalogue of this program.
/// @returns nothing when there are mistakes, which are printed then: exit with kExitConfig
std::optional<config::Config> load_or_print(const config::Input& input);

}  // namespace cdviz::commands
