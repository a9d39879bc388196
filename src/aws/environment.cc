#include "aws/environment.h"

#include <unistd.h>

namespace cdviz::aws {

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = text.substr(0, equals);
    if (name == "HOME" || name.starts_with("AWS_")) {
      environment.emplace(name, text.substr(equals + 1));
    }
  }
  return environment;
}

std::string variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

}  // namespace cdviz::aws
