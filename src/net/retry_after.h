// The Retry-After of an answer (RFC 9110 §10.2.3), in both of its forms.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "core/event.h"

namespace cdviz::net {

/// Longer waits are cut to this: a day.
inline constexpr std::chrono::seconds kRetryAfterMax{86'400};

/// @param value  a number of seconds, or a date in one of the three forms of §5.6.7
/// @returns how long to wait from `now` on, never negative; nothing for what is neither
std::optional<std::chrono::milliseconds> read_retry_after(std::string_view value, WallTime now);

}  // namespace cdviz::net
