#include "config/interpolate.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/mistakes.h"

namespace cdviz::config {
namespace {

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

Interpolated interpolate(std::string_view text, const Environment& environment) {
  Interpolated out;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    out.text += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.substr(0, 2) == "$$") {
      out.text += '$';
      text.remove_prefix(2);
    } else if (text.substr(0, 2) == "${") {
      const auto end = text.find('}');
      const auto inside = text.substr(2, end == std::string_view::npos ? end : end - 2);
      const auto separator = inside.find(":-");
      const auto name = inside.substr(0, separator);
      if (end == std::string_view::npos || !is_variable_name(name)) {
        // Only the name's start: behind it may stand a secret.
        out.error =
            "holds \"${\" that is no ${VARIABLE} or ${VARIABLE:-default}; write \"$$\" for a \"$\" "
            "itself";
        return out;
      }
      out.has_variables = true;
      const auto found = environment.find(name);
      if (separator != std::string_view::npos &&
          (found == environment.end() || found->second.empty())) {
        out.text += inside.substr(separator + 2);
      } else if (found == environment.end()) {
        out.error = fmt::format(
            "needs the environment variable {}, which is not set; set it or write ${{{}:-default}}",
            name, name);
        return out;
      } else {
        out.text += found->second;
      }
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      out.text += '$';
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace cdviz::config
