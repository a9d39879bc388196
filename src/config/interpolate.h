// `${VAR}` in the strings of a configuration. Internal to config.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace cdviz::config {

/// Variables of the environment, given as data.
using Environment = std::map<std::string, std::string, std::less<>>;

struct Interpolated {
  std::string text;
  bool has_variables = false;
  std::string error = {};  ///< why it could not be done; empty: it could
};

/// Replaces `${VAR}` by the variable's value (an error if it is not set), `${VAR:-default}` by its
/// value or, when it is not set or empty, by `default` (up to the next `}`), and `$$` by `$`. Any
/// other `$` stays: patterns end with one. What was put in is not looked at again.
Interpolated interpolate(std::string_view text, const Environment& environment);

}  // namespace cdviz::config
