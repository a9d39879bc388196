#include "parsers/yaml_scalar.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "core/json_text.h"

namespace cdviz::parsers {
namespace {

template <std::size_t kSize>
bool is_one_of(std::string_view text, const std::array<std::string_view, kSize>& words) {
  for (const auto word : words) {
    if (text == word) return true;
  }
  return false;
}

/// Takes the digits at the front.
std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  const auto digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

std::optional<std::string> based(std::string_view text) {
  int base = 0;
  if (text.starts_with("0x")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (base == 0 || text.size() < 3 || text[2] == '-') return std::nullopt;
  std::uint64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + 2, end, value, base);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return std::to_string(value);
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, as JSON writes it.
std::optional<std::string> decimal(std::string_view text) {
  std::string json;
  if (text.starts_with('-')) json = "-";
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto whole = take_digits(text);
  if (whole.size() > 1 && whole.front() == '0') return std::nullopt;
  json += whole.empty() ? "0" : whole;
  bool has_digits = !whole.empty();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto fraction = take_digits(text);
    has_digits = has_digits || !fraction.empty();
    json.append(".").append(fraction.empty() ? "0" : fraction);
  }
  if (!has_digits) return std::nullopt;
  if (text.starts_with('e') || text.starts_with('E')) {
    json += text.front();
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      json += text.front();
      text.remove_prefix(1);
    }
    const auto exponent = take_digits(text);
    if (exponent.empty()) return std::nullopt;
    json += exponent;
  }
  if (!text.empty()) return std::nullopt;
  return json;
}

}  // namespace

std::string yaml_plain_scalar(std::string_view text) {
  constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
  constexpr std::array<std::string_view, 3> kTrue = {"true", "True", "TRUE"};
  constexpr std::array<std::string_view, 3> kFalse = {"false", "False", "FALSE"};
  if (is_one_of(text, kNull)) return "null";
  if (is_one_of(text, kTrue)) return "true";
  if (is_one_of(text, kFalse)) return "false";
  if (auto number = based(text)) return *std::move(number);
  if (auto number = decimal(text)) return *std::move(number);
  return json_string(text);
}

}  // namespace cdviz::parsers
