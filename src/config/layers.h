// The layers of a configuration, put on top of each other. Internal to config.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/interpolate.h"
#include "config/mistakes.h"
#include "config/value.h"

namespace cdviz::config {

/// Environment variables with this prefix name a key: CDVIZ_COLLECTOR__SINKS__DATABASE__URL is
/// sinks.database.url.
inline constexpr std::string_view kEnvironmentPrefix = "CDVIZ_COLLECTOR__";

/// @returns the file's bytes; nothing, and `error`, when it cannot be read or is larger than
/// `bytes_max`
std::optional<std::string> read_text_file(const std::string& path, std::size_t bytes_max,
                                          std::string& error);

/// Puts the variables that begin with kEnvironmentPrefix over `root`. Names are lower-cased; a key
/// that is there already is also found when it differs in case or has '-' for '_'.
void overlay_environment(Value& root, const Environment& environment, int layer,
                         Mistakes& mistakes);

/// Puts one `--set` over `root`: `a.b=value`, where the value is TOML or a bare word, or any piece
/// of TOML.
/// @returns false after a syntax error
bool overlay_setting(Value& root, std::string_view setting, std::size_t number, int layer,
                     Mistakes& mistakes);

}  // namespace cdviz::config
