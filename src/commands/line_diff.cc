#include "commands/line_diff.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "commands/output.h"

namespace cdviz::commands {
namespace {

constexpr std::size_t kLines = 4'000;
constexpr std::size_t kAround = 3;
constexpr std::size_t kLineBytes = 2'000;  ///< of what is shown of a line

struct Line {
  char mark;  ///< ' ', '-' or '+'
  std::string_view text;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// By the longest common subsequence; what both begin and end with is not looked at.
std::vector<Line> merge(const std::vector<std::string_view>& before,
                        const std::vector<std::string_view>& after) {
  std::size_t head = 0;
  while (head < before.size() && head < after.size() && before[head] == after[head]) ++head;
  std::size_t tail = 0;
  while (tail < before.size() - head && tail < after.size() - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  const std::size_t rows = before.size() - head - tail;
  const std::size_t columns = after.size() - head - tail;
  std::vector<Line> out;
  for (std::size_t i = 0; i < head; ++i) out.push_back({' ', before[i]});
  if (rows > kLines || columns > kLines) {
    for (std::size_t i = 0; i < rows; ++i) out.push_back({'-', before[head + i]});
    for (std::size_t i = 0; i < columns; ++i) out.push_back({'+', after[head + i]});
  } else {
    // length[i][j]: of the longest common subsequence of what follows.
    std::vector<std::uint16_t> length((rows + 1) * (columns + 1), 0);
    const auto at = [&](std::size_t i, std::size_t j) -> std::uint16_t& {
      return length[i * (columns + 1) + j];
    };
    for (std::size_t i = rows; i-- > 0;) {
      for (std::size_t j = columns; j-- > 0;) {
        at(i, j) = before[head + i] == after[head + j]
                       ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                       : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
    for (std::size_t i = 0, j = 0; i < rows || j < columns;) {
      if (i < rows && j < columns && before[head + i] == after[head + j]) {
        out.push_back({' ', before[head + i++]});
        ++j;
      } else if (j == columns || (i < rows && at(i + 1, j) >= at(i, j + 1))) {
        out.push_back({'-', before[head + i++]});
      } else {
        out.push_back({'+', after[head + j++]});
      }
    }
  }
  for (std::size_t i = before.size() - tail; i < before.size(); ++i)
    out.push_back({' ', before[i]});
  return out;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, bool colours) {
  const auto lines = merge(lines_of(before), lines_of(after));
  std::vector<bool> wanted(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].mark == ' ') continue;
    const auto first = i - std::min(i, kAround);
    const auto last = std::min(i + kAround, lines.size() - 1);
    for (auto j = first; j <= last; ++j) wanted[j] = true;
  }
  std::string out;
  bool gap = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!wanted[i]) {
      gap = true;
      continue;
    }
    if (std::exchange(gap, false)) out += "  …\n";
    const char mark = lines[i].mark;
    if (colours && mark != ' ') out += mark == '-' ? "\x1b[31m" : "\x1b[32m";
    out += mark;
    out += ' ';
    out += shown(lines[i].text, kLineBytes);
    if (colours && mark != ' ') out += "\x1b[0m";
    out += '\n';
  }
  if (gap && !out.empty()) out += "  …\n";
  return out;
}

}  // namespace cdviz::commands
