// Values as text: durations and sizes, always with a unit ("10s", "64MiB"), numbers, lists.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdviz::config {

/// "250ms", "10s", "5m", "2h", "1d", "1h30m". Up to about 290 million years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "512B", "16KiB", "25MiB", "1GiB", "2TiB"; also kB, MB, GB, TB, which count in thousands. Up to
/// 2^63 - 1.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
/// In the largest unit that needs no fraction.
std::string format_duration(std::chrono::milliseconds duration);
std::string format_bytes(std::uint64_t bytes);

/// Without the white space around it.
std::string_view trimmed(std::string_view text);
/// Well-formed UTF-8 (https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf, table 3-7).
bool is_utf8(std::string_view text);
/// A whole decimal number, and nothing else but white space around it.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// What stands between the commas, trimmed; empty entries are left out.
std::vector<std::string> split_list(std::string_view text);

}  // namespace cdviz::config
