// Moments as they are written by those who come close to RFC 3339.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace cdviz::cdevents {

/// Mends a date-time that is not quite one of RFC 3339: a space for the "T" (Python's
/// str(datetime)), a space before the offset, an offset without colon or minutes (+0100, +01:
/// Jira), or none at all, which is taken as UTC. Date, time and digits stay as they are.
/// @returns nothing when it is one already (date_time.h), or when this does not make it one
std::optional<std::string> mended_time(std::string_view text);

/// RFC 3339 in UTC with milliseconds: "2026-11-20T12:00:00.000Z".
std::string to_rfc3339(WallTime time);

}  // namespace cdviz::cdevents
