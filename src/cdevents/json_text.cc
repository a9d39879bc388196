#include "cdevents/json_text.h"

#include <algorithm>
#include <charconv>

namespace cdviz::cdevents {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The four hex digits at `at`; nothing if they are not there.
std::optional<unsigned> hex4(std::string_view json, std::size_t at) {
  if (at + 4 > json.size()) return std::nullopt;
  unsigned value = 0;
  const char* const first = json.data() + at;
  const auto [end, error] = std::from_chars(first, first + 4, value, 16);
  if (error != std::errc{} || end != first + 4) return std::nullopt;
  return value;
}

bool is_high_surrogate(unsigned unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low_surrogate(unsigned unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

/// Where the string that starts at `open` (a quote) ends: behind its closing quote, or the end of
/// the text.
std::size_t end_of_string(std::string_view json, std::size_t open) {
  for (std::size_t i = open + 1;;) {
    i = json.find_first_of("\"\\", i);
    if (i == std::string_view::npos) return json.size();
    if (json[i] == '"') return i + 1;
    i += 2;  // an escape: whatever follows the backslash belongs to it
  }
}

/// Length of the number (RFC 8259 §6) at the start of `text`; 0 when there is none.
std::size_t number_length(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - from;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const std::size_t whole = i;
  const std::size_t count = digits();
  if (count == 0 || (count > 1 && text[whole] == '0')) return 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return 0;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return 0;
  }
  return i;
}

}  // namespace

std::optional<BadEscape> find_bad_escape(std::string_view json) {
  for (std::size_t i = json.find('\\'); i != std::string_view::npos && i + 1 < json.size();
       i = json.find('\\', i)) {
    if (json[i + 1] != 'u') {
      i += 2;
      continue;
    }
    const auto unit = hex4(json, i + 2);
    if (!unit) {  // not JSON: the parser will say so
      i += 2;
      continue;
    }
    if (*unit == 0) return BadEscape{i, true};
    if (is_low_surrogate(*unit)) return BadEscape{i, false};
    if (is_high_surrogate(*unit)) {
      const bool escape_follows = json.substr(i + 6, 2) == "\\u";
      const auto next = escape_follows ? hex4(json, i + 8) : std::nullopt;
      if (!next || !is_low_surrogate(*next)) return BadEscape{i, false};
      i += 6;
    }
    i += 6;
  }
  return std::nullopt;
}

std::size_t count_values(std::string_view json) {
  std::size_t separators = 0;
  for (std::size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (c == '"') {
      i = end_of_string(json, i);
      continue;
    }
    if (c == ',' || c == ':') ++separators;
    ++i;
  }
  return separators + 1;
}

std::string without_numbers(std::string_view json) {
  std::string copy(json);
  for (std::size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (c == '"') {
      i = end_of_string(json, i);
      continue;
    }
    if (c != '-' && !is_digit(c)) {
      ++i;
      continue;
    }
    const std::size_t length = number_length(json.substr(i));
    const std::size_t end = std::min(json.find_first_not_of("0123456789.eE+-", i), json.size());
    if (i + length == end) {
      std::fill_n(copy.begin() + static_cast<std::ptrdiff_t>(i), length, ' ');
      copy[i] = '0';
    }
    i = end;
  }
  return copy;
}

}  // namespace cdviz::cdevents
