#include "config/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace cdviz::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};
/// Largest first.
constexpr std::array kDurations = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                   Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::array kBytes = {Unit{"TiB", std::int64_t{1} << 40},
                               Unit{"GiB", std::int64_t{1} << 30},
                               Unit{"MiB", std::int64_t{1} << 20},
                               Unit{"KiB", std::int64_t{1} << 10},
                               Unit{"TB", 1'000'000'000'000},
                               Unit{"GB", 1'000'000'000},
                               Unit{"MB", 1'000'000},
                               Unit{"kB", 1'000},
                               Unit{"B", 1}};

/// Takes a number and a unit from the front of `text`.
template <std::size_t N>
std::optional<std::int64_t> take(std::string_view& text, const std::array<Unit, N>& units) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto letters = text.substr(0, text.find_first_of("0123456789 "));
  for (const auto& unit : units) {
    if (unit.name != letters) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / unit.size) return std::nullopt;
    text.remove_prefix(letters.size());
    return number * unit.size;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string format(std::int64_t value, const std::array<Unit, N>& units) {
  for (const auto& unit : units) {
    if (value != 0 && value % unit.size == 0)
      return fmt::format("{}{}", value / unit.size, unit.name);
  }
  return {};
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t sum = 0;
  do {
    const auto part = take(text, kDurations);
    if (!part || *part > std::numeric_limits<std::int64_t>::max() - sum) return std::nullopt;
    sum += *part;
    if (text.size() > 1 && text.front() == ' ') text.remove_prefix(1);
  } while (!text.empty());
  return std::chrono::milliseconds{sum};
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const auto bytes = take(text, kBytes);
  if (!bytes || !text.empty()) return std::nullopt;
  return static_cast<std::uint64_t>(*bytes);
}

std::string format_duration(std::chrono::milliseconds duration) {
  if (duration.count() == 0) return "0s";
  return format(duration.count(), kDurations);
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes == 0) return "0B";
  return format(static_cast<std::int64_t>(bytes), kBytes);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    if (first < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return false;
    const unsigned second = byte(i + 1);
    // No overlong forms, no surrogates, nothing above U+10FFFF.
    const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (std::size_t k = 2; k < length; ++k) {
      if (byte(i + k) < 0x80 || byte(i + k) > 0xbf) return false;
    }
    i += length;
  }
  return true;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = trimmed(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (const auto entry = trimmed(text.substr(0, comma)); !entry.empty()) list.emplace_back(entry);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return list;
}

}  // namespace cdviz::config
