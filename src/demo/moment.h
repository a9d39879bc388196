// Time in the story: moments to the millisecond in UTC, and how long before the end something was.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace cdviz::demo {

/// How long before the end moment.
using Ago = std::chrono::minutes;

/// Days, as in `21_d + 2h`.
constexpr Ago operator""_d(unsigned long long days) {
  return std::chrono::hours{24 * static_cast<std::int64_t>(days)};
}

/// RFC 3339 in UTC with milliseconds: "2026-01-31T12:00:00.000Z".
std::string to_text(WallTime moment);

/// "2026-01-31T12:00:00Z", with or without milliseconds.
std::optional<WallTime> parse_moment(std::string_view text);

/// 00:00 UTC of its day.
WallTime start_of_day(WallTime moment);

/// Hours since 00:00 UTC, 0 to 23.
int hour_of(WallTime moment);

/// 0 is Sunday, 6 is Saturday.
unsigned weekday_of(WallTime moment);

}  // namespace cdviz::demo
