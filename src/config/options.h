// The checked options of one component (or of one section such as [http]), read through its option
// table.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/option.h"

namespace cdviz::config {

struct Table;  // the values and where they stand; config's own

/// Typed access to options that were parsed and checked against a table: no getter can fail. Asking
/// for a name that is not in the table, or with another type, is a bug and asserts. Values not
/// given have their default. Cheap to copy; keeps what it needs alive.
class Options {
 public:
  explicit Options(std::shared_ptr<const Table> table);

  /// True if the user gave it (in a file, the environment, --set), false if it is the default.
  bool given(std::string_view name) const;
  /// text and secret; text_or_table: "" when it is a table.
  std::string text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  bool boolean(std::string_view name) const;
  std::chrono::milliseconds duration(std::string_view name) const;
  std::uint64_t bytes(std::string_view name) const;
  std::vector<std::string> text_list(std::string_view name) const;  ///< and secret_list
  /// With defaults if not given, or if a text_or_table is a text.
  Options table(std::string_view name) const;
  std::vector<Options> table_list(std::string_view name) const;  ///< in order
  /// (name, table), sorted by name.
  std::vector<std::pair<std::string, Options>> table_map(std::string_view name) const;
  std::string free_table(std::string_view name) const;  ///< a JSON object as text

  /// Reports a problem with an option that its type could not express ("the pattern does not
  /// compile"). Collected with all others and shown with file:line:column and the path of the key.
  /// A problem with a value
  /// that was reported before is not reported again. @param name "" for the table itself
  void problem(std::string_view name, std::string_view message) const;
  /// True once problem() was called on this or on a table within.
  bool has_problems() const;

  /// The text of all values, canonical, with secrets: two of them are equal when nothing changed
  /// (reload). Never print.
  std::string fingerprint() const;

  /// For config's own use.
  const Table& values() const { return *table_; }

 private:
  std::shared_ptr<const Table> table_;
};

}  // namespace cdviz::config
