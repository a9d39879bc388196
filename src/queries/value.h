// What a user gives for a parameter, checked and in the text form that PostgreSQL takes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/result.h"
#include "queries/query.h"

namespace cdviz::queries {

/// A moment as people and Grafana write it: "now", "now-7d", "now+1h", "7d" (that long ago), an
/// RFC 3339 date-time or a date (UTC without an offset), or milliseconds since 1970. Units: s m h d
/// w M y; a month or a year back from its 31st ends on the last day of that month.
/// @returns RFC 3339; nothing if it is none of these
std::optional<std::string> moment_text(std::string_view text, WallTime now);

/// The text form of `given` for a parameter. More than one value only for text[].
/// @returns Fault::reject with what would be right
Result<std::string> value_text(const QueryParameter& parameter,
                               const std::vector<std::string>& given, WallTime now);

}  // namespace cdviz::queries
