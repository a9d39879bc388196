// A configuration before it is checked: a tree of values that know where they stand. Internal to
// config.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/mistakes.h"

namespace cdviz::config {

struct Value {
  /// Text without a type of its own, from the environment or --set: the option's table says what it
  /// is.
  struct Untyped {
    std::string text;
  };
  /// A date or a time; no option has such a type.
  struct Moment {
    std::string text;
  };
  using Array = std::vector<Value>;
  using Members = std::map<std::string, Value, std::less<>>;

  std::variant<Members, Array, std::string, Untyped, std::int64_t, double, bool, Moment> data;
  Origin at = {};      ///< of the value
  Origin key_at = {};  ///< of its key

  Members* members() { return std::get_if<Members>(&data); }
  const Members* members() const { return std::get_if<Members>(&data); }
  /// The member of that name; null if there is none or this is no table.
  const Value* find(std::string_view name) const;
};

/// "an integer", "text", …
std::string_view describe(const Value& value);

/// Puts `over` on top of `under`: tables merge, everything else replaces.
void merge(Value& under, Value over);

}  // namespace cdviz::config
