// TOML 1.0 (https://toml.io/en/v1.0.0) by toml++, into our tree of values. Internal to config.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/mistakes.h"
#include "config/value.h"

namespace cdviz::config {

/// Bytes of a configuration file.
inline constexpr std::size_t kFileBytes = std::size_t{1} << 20;
/// Arrays and tables within each other, and names in a dotted key.
inline constexpr std::size_t kNesting = 32;

/// @param source  its name and layer; line and column are added
/// @returns the document's table; nothing after a syntax error, which is in `mistakes`
std::optional<Value> parse_toml(std::string_view text, const Origin& source, Mistakes& mistakes);

/// One TOML value, such as `["a", "b"]`, that stands in the environment or behind `--set`.
/// Everything in it has the place `origin`, and its strings are not interpolated.
/// @returns nothing if it is not TOML, silently
std::optional<Value> parse_toml_value(std::string_view text, const Origin& origin);

/// The names of a dotted key such as `sinks."my db".url`; nothing if it is none.
std::optional<std::vector<std::string>> parse_toml_key(std::string_view text);

}  // namespace cdviz::config
