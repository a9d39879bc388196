// Moments in the forms in which tools send them, as RFC 3339 in UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cdviz::transforms::lua {

/// A text as a date-time of RFC 3339. Takes
///
///   2024-01-02T03:04:05.678Z, any offset        RFC 3339: stays as it is
///   2024-01-02T03:04:05+0100, "2024-01-02 03:04:05", "… 03:04:05 UTC", "… 03:04:05 +0100"
///   2024-01-02                                  midnight, UTC
///   Tue, 02 Jan 2024 03:04:05 +0100             RFC 2822, also with GMT and without the day
///   Tue Jan  2 03:04:05 UTC 2024                asctime, also without the zone
///   1704164645, 1704164645.678, 1704164645678   seconds, milliseconds, … since 1970
///
/// What has no zone is UTC. @returns nothing for anything else
std::optional<std::string> moment_of(std::string_view text);

/// A number since 1970: seconds, or, by its size, milliseconds, microseconds or nanoseconds.
/// @returns nothing outside of the years 1 to 9999
std::optional<std::string> moment_of_epoch(std::int64_t number);
std::optional<std::string> moment_of_epoch(double seconds);

/// Milliseconds since 1970 of a date-time of RFC 3339; what is finer is cut off.
std::optional<std::int64_t> epoch_milliseconds(std::string_view date_time);

}  // namespace cdviz::transforms::lua
