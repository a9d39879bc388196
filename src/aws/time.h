// Times as the services write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace cdviz::aws {

/// "2026-11-29T22:33:11Z" and "2026-11-29T22:33:11.123Z" (RFC 3339 in UTC). Nothing for what is
/// none.
std::optional<WallTime> parse_time(std::string_view text);

/// "2026-11-29T22:33:11Z"; with milliseconds where there are some: "2026-11-29T22:33:11.123Z".
std::string format_time(WallTime time);

/// The Date of an answer (RFC 9110 §5.6.7).
std::optional<WallTime> parse_http_date(const std::string& text);

}  // namespace cdviz::aws
