#include "commands/config_flags.h"

#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "commands/print.h"
#include "registry/registry.h"

namespace cdviz::commands {
namespace {

constexpr auto kGroup = "Configuration";

void enter(const std::string& directory) {
  std::error_code error;
  std::filesystem::current_path(directory, error);
  if (error) {
    throw CLI::ValidationError("-C",
                               fmt::format("cannot enter {}: {}", directory, error.message()));
  }
}

}  // namespace

std::shared_ptr<ConfigFlags> add_config_flags(CLI::App& verb) {
  auto flags = std::make_shared<ConfigFlags>();
  // One value a flag: with CLI11's default, `--config a.toml verb` would take the verb as a second
  // file, and a list in brackets would be split.
  verb.add_option(
          "--config", flags->files,
          "A TOML file, or - for standard input; may be given several times, the later wins")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->envname("CDVIZ_COLLECTOR_CONFIG")
      ->group(kGroup);
  verb.add_option("--set", flags->settings,
                  "Override a key, for example --set http.port=9000; may be given several times")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->group(kGroup);
  verb.add_option_function<std::string>("-C,--directory", enter,
                                        "Change to this directory first: paths are relative to it")
      ->type_name("DIR")
      ->trigger_on_parse()
      ->group(kGroup);
  return flags;
}

config::Input input_of(const ConfigFlags& flags) {
  config::Input input;
  input.files = flags.files;
  input.settings = flags.settings;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    input.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return input;
}

void print_mistakes(const config::Config& config) {
  const auto mistakes = config.mistakes();
  for (const auto& mistake : mistakes) print_error("{}\n", to_string(mistake));
  print_error("{} in the configuration\n",
              mistakes.size() == 1 ? "1 mistake" : fmt::format("{} mistakes", mistakes.size()));
}

std::optional<config::Config> load_or_print(const config::Input& input) {
  auto config = config::load(input, registry::catalogue());
  if (config.valid()) return config;
  print_mistakes(config);
  return std::nullopt;
}

}  // namespace cdviz::commands
