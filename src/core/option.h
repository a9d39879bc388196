// One row of a component's option table: parsing, unknown-key errors, --help, docs/components/ and
// the JSON Schema all come from it, so that a fact about an option is written once.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace cdviz {

enum class OptionType : std::uint8_t {
  text,    ///< a string
  secret,  ///< a string that must not be shown; `NAME_file` reads it from a file (every text option
           ///< has that too)
  integer,        ///< a whole number, within min and max
  boolean,        ///< true or false
  duration,       ///< a string with a unit: "250ms", "10s", "5m", "2h", "1d"
  bytes,          ///< a string with a unit: "512B", "16KiB", "25MiB", "1GiB" (also kB, MB, GB)
  text_list,      ///< an array of strings
  secret_list,    ///< as text_list, not to be shown; `NAME_file` reads one from each non-empty line
  table,          ///< a table with the keys of `fields`
  text_or_table,  ///< a string (one of `choices`), or a table with the keys of `fields`
  table_list,     ///< an array of such tables
  table_map,      ///< a table whose keys are names and whose values are such tables
  free_table,     ///< a table with any keys (metadata); given on as JSON
};

/// Plain data, made at compile time, living for ever.
struct Option {
  std::string_view name;
  OptionType type = OptionType::text;
  /// The default, as text in the option's own notation ("10s", "true", "25MiB"); lists:
  /// comma-separated.
  std::string_view fallback = {};
  /// One or two sentences for the reference. Says the effect, the unit, the limit.
  std::string_view help = {};
  bool required = false;
  /// When not empty: the only values allowed.
  std::span<const std::string_view> choices = {};
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  /// The keys of a table, table_list or table_map.
  std::span<const Option> fields = {};
  /// For the reference: a value worth showing.
  std::string_view example = {};
};

}  // namespace cdviz
