// Rows of a query for people and for programs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queries/query.h"

namespace cdviz::commands {

/// Rows as text; nothing is null. Each has as many cells as there are columns.
struct Answer {
  std::vector<queries::QueryColumn> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

/// Aligned columns: durations in two units, times to the second. Cells are cut after 60 characters
/// and never command the terminal.
std::string as_table(const Answer& answer);
/// A block for each row, a line for each cell: for rows that are too wide.
std::string as_list(const Answer& answer);
/// RFC 4180 with a line of names. Text that a spreadsheet would take for a formula has a ' in front
/// (https://owasp.org/www-community/attacks/CSV_Injection).
std::string as_csv(const Answer& answer);
/// One JSON object a line. Numbers, booleans, arrays and JSON as such; times as RFC 3339.
std::string as_json(const Answer& answer);

/// Characters of the longest line.
std::size_t width_of(std::string_view text);
/// "2 d 3 h", "41 s", "0.25 s": at most two units.
std::string duration_text(double seconds);

}  // namespace cdviz::commands
