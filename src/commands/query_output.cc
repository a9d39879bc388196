#include "commands/query_output.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "commands/output.h"
#include "queries/cell.h"

namespace cdviz::commands {
namespace {

using queries::elements_of;
using queries::is_number;
using queries::time_of;

constexpr std::size_t kCellShown = 60;  // characters of a table's cell; bytes four times as many

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

double number_of(const std::string& text) {
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// For people.
std::string cell_text(const queries::QueryColumn& column, const std::optional<std::string>& cell) {
  if (!cell) return "-";
  if (column.type == "timestamptz") {
    auto time = time_of(*cell);
    if (const auto dot = time.find('.'); dot != std::string::npos && time.ends_with('Z'))
      time.replace(dot, std::string::npos, "Z");
    return time;
  }
  if (column.type == "double precision")
    return column.unit == "seconds" ? duration_text(number_of(*cell))
                                    : fmt::format("{:.4g}", number_of(*cell));
  if (column.type == "boolean") return *cell == "t" ? "yes" : "no";
  if (column.type.ends_with("[]")) {
    std::string joined;
    for (const auto& element : elements_of(*cell)) {
      if (!joined.empty()) joined += ' ';
      if (element && column.type == "double precision[]")
        joined += fmt::format("{:.4g}", number_of(*element));
      else
        joined += element.value_or("-");
    }
    return shown(joined, kCellShown * 4);
  }
  return shown(*cell, kCellShown * 4);
}

/// Valid UTF-8, as shown() makes it, to at most kCellShown characters.
std::string cut(std::string text) {
  if (characters(text) <= kCellShown) return text;
  std::size_t at = 0;
  for (std::size_t count = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80 && ++count == kCellShown) break;
  }
  return text.substr(0, at) + "…";
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, characters(text)), ' ');
  return right ? space + text : text + space;
}

/// A JSON value of this type.
std::string json_of(std::string_view type, const std::string& cell) {
  std::string json;
  queries::append_json(json, type, cell);
  return json;
}

std::string csv_of(const queries::QueryColumn& column, const std::optional<std::string>& cell) {
  std::string field;
  if (cell) queries::append_csv(field, column.type, *cell);
  return field;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  std::size_t widest = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    widest = std::max(widest, characters(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return widest;
}

std::string duration_text(double seconds) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits = {
      {{"d", 86'400}, {"h", 3'600}, {"min", 60}, {"s", 1}}};
  const double size = std::abs(seconds);
  if (!(size < 1e12)) return "-";  // also what is no number
  if (size < 10) return fmt::format("{:.2g} s", seconds);
  const std::string sign = seconds < 0 ? "-" : "";
  const auto whole = static_cast<std::int64_t>(size);
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const auto& [name, length] = kUnits[i];
    if (whole < length) continue;
    std::string text = fmt::format("{}{} {}", sign, whole / length, name);
    if (i + 1 < kUnits.size())
      if (const auto rest = whole % length / kUnits[i + 1].second; rest > 0)
        text += fmt::format(" {} {}", rest, kUnits[i + 1].first);
    return text;
  }
  return "0 s";
}

std::string as_table(const Answer& answer) {
  std::vector<std::size_t> widths;
  std::vector<std::vector<std::string>> cells(answer.rows.size() + 1);
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    cells[0].push_back(answer.columns[i].name);
    for (std::size_t row = 0; row < answer.rows.size(); ++row)
      cells[row + 1].push_back(cut(cell_text(answer.columns[i], answer.rows[row][i])));
    std::size_t width = 0;
    for (const auto& row : cells) width = std::max(width, characters(row[i]));
    widths.push_back(width);
  }
  std::string out;
  for (const auto& row : cells) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += (i == 0 ? "" : "  ") + padded(row[i], widths[i], is_number(answer.columns[i].type));
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string as_list(const Answer& answer) {
  std::size_t width = 0;
  for (const auto& column : answer.columns) width = std::max(width, column.name.size());
  std::string out;
  for (const auto& row : answer.rows) {
    if (!out.empty()) out += '\n';
    for (std::size_t i = 0; i < answer.columns.size(); ++i)
      out += fmt::format("{}  {}\n", padded(answer.columns[i].name, width, false),
                         cell_text(answer.columns[i], row[i]));
  }
  return out;
}

std::string as_csv(const Answer& answer) {
  std::string out;
  for (const auto& column : answer.columns) out += (out.empty() ? "" : ",") + column.name;
  out += "\r\n";
  for (const auto& row : answer.rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      out += (i == 0 ? "" : ",") + csv_of(answer.columns[i], row[i]);
    out += "\r\n";
  }
  return out;
}

std::string as_json(const Answer& answer) {
  std::string out;
  for (const auto& row : answer.rows) {
    JsonObject object;
    for (std::size_t i = 0; i < row.size(); ++i)
      object.raw(answer.columns[i].name,
                 row[i] ? json_of(answer.columns[i].type, *row[i]) : "null");
    out += object.done() + '\n';
  }
  return out;
}

}  // namespace cdviz::commands
