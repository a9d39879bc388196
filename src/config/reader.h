// Checks a table of the configuration against its option table. Internal to config.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/interpolate.h"
#include "config/mistakes.h"
#include "config/table.h"
#include "config/value.h"

namespace cdviz::config {

/// Bytes of a file that `KEY_file` names.
inline constexpr std::size_t kValueFileBytes = std::size_t{1} << 20;

class Reader {
 public:
  Reader(const Environment& environment, std::shared_ptr<Mistakes> mistakes)
      : environment_(environment), mistakes_(std::move(mistakes)) {}

  /// Reads `value` (null: everything is default). Every mistake is reported, and the result is
  /// complete all the same: a value that is wrong has its default.
  /// @param at        where a missing key is reported
  /// @param elsewhere names that are allowed and read by the caller
  std::shared_ptr<const Table> read(const Value* value, const Origin& at, std::string path,
                                    const std::vector<const Option*>& options,
                                    const std::vector<std::string_view>& elsewhere = {}) const;

  /// For a component that is disabled, and for a table that is not given: environment variables and
  /// files that are missing, and required keys, are no mistake. What is written must still be
  /// right.
  Reader lenient() const;

  Mistakes& mistakes() const { return *mistakes_; }

 private:
  /// The place that a value goes to.
  struct Slot {
    Cell& cell;
    std::string path;
    const Option& option() const { return *cell.option; }
  };
  struct Text {
    std::string text;
    bool is_untyped;  ///< came from a variable: its option says what it is
  };

  void read_cell(const Slot& slot, const Value* members) const;
  void read_given(const Slot& slot, const Value* members) const;
  void read_value(const Slot& slot, const Value& value) const;
  void read_file(const Slot& slot, const Value& value) const;
  void take_text(const Slot& slot, const Value& value, std::string text) const;
  void read_integer(const Slot& slot, const Value& value) const;
  void read_boolean(const Slot& slot, const Value& value) const;
  void read_amount(const Slot& slot, const Value& value) const;
  void read_secret_file(const Slot& slot, const Value& value, std::string_view text) const;
  void read_text_or_table(const Slot& slot, const Value& value) const;
  Value as_array(const Slot& slot, const Value& value, const Text& text) const;
  void read_text_list(const Slot& slot, const Value& value) const;
  void read_tables(const Slot& slot, const Value& value) const;
  void read_free_table(const Slot& slot, const Value& value) const;

  bool in_range(const Slot& slot, const Value& value, std::int64_t number) const;
  bool is_choice(const Slot& slot, const Value& value, const std::string& text) const;
  /// The text of a string after interpolation; nothing if there is none, and then it was reported.
  std::optional<Text> text_of(const Slot& slot, const Value& value,
                              std::string_view expected) const;
  void wrong(const Slot& slot, const Value& value, std::string_view expected) const;
  void check_names(const Value::Members& members, const std::string& path,
                   const std::vector<const Option*>& options,
                   const std::vector<std::string_view>& elsewhere) const;

  const Environment& environment_;
  std::shared_ptr<Mistakes> mistakes_;
  bool is_lenient_ = false;
};

/// Gives `cell` its option's default.
/// @returns false if the fallback in the option table is not of the option's type: a bug in the
/// table
bool set_fallback(Cell& cell);

/// Pointers to the options of a table, which may be put together from several.
std::vector<const Option*> pointers(std::span<const Option> options);

/// `value` as JSON text for a free table, strings interpolated.
/// @returns nothing, and `error`, if a value cannot be expressed
std::optional<std::string> to_json(const Value& value, const Environment& environment,
                                   bool is_lenient, std::string& error);

}  // namespace cdviz::config
