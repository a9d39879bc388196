// Options that were read: what stands behind config::Options. Internal to config.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/mistakes.h"
#include "core/option.h"

namespace cdviz::config {

struct Table;

/// One option's value.
struct Cell {
  using TablePointer = std::shared_ptr<const Table>;
  struct Json {
    std::string text;
  };
  const Option* option;
  Origin at = {};  ///< of the value; of the table when it is missing
  bool given = false;
  bool is_wrong = false;   ///< a mistake was reported for it
  bool from_file = false;  ///< by `KEY_file`: most likely a secret
  /// By type: text, secret, text_or_table as text → string; integer; boolean; duration; bytes;
  /// text_list; table; table_list; table_map; free_table. monostate: not given, no default.
  std::variant<std::monostate, std::string, std::int64_t, bool, std::chrono::milliseconds,
               std::uint64_t, std::vector<std::string>, TablePointer, std::vector<TablePointer>,
               std::vector<std::pair<std::string, TablePointer>>, Json>
      value = {};
  TablePointer table = {};  ///< of a text_or_table, whichever it is
};

struct Table {
  std::string path;  ///< "sinks.database"
  Origin at;
  std::vector<Cell> cells;
  std::shared_ptr<Mistakes> mistakes;  ///< of the whole configuration
  mutable bool has_problems = false;   ///< Options::problem was called on this one

  const Cell* find(std::string_view name) const {
    for (const auto& cell : cells) {
      if (cell.option->name == name) return &cell;
    }
    return nullptr;
  }
};

}  // namespace cdviz::config
