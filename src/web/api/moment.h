// Moments of a request, in Grafana's syntax
// (https://grafana.com/docs/grafana/latest/dashboards/use-dashboards/#time-units-and-relative-ranges):
// "now-7d", "now/d", milliseconds since 1970, RFC 3339.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace cdviz::web::api {

/// Where "now/d" points to: the begin of the day for `from` and `at`, its end for `to`.
enum class Edge : std::uint8_t { begin, end };

struct Moment {
  WallTime time;
  bool relative = false;  ///< it moves with the clock
};

/// @returns nothing if `text` is no moment, or one that the calendar does not have
std::optional<Moment> moment_of(std::string_view text, Edge edge, WallTime now);

/// The moment of a query's default, when it is `now()` or `now() - interval 'N days'` (hours,
/// minutes); nothing for others.
std::optional<std::string> moment_of_default(std::string_view sql);

/// How coarsely relative ranges are rounded, so that neighbours ask the same: 30 s up to 6 h, 5 min
/// up to 7 days, else 1 h.
std::chrono::milliseconds step_for(std::chrono::milliseconds span);

/// Down to a multiple of `step` since 1970.
WallTime rounded_down(WallTime time, std::chrono::milliseconds step);

/// "2026-01-31T12:00:00.000Z"
std::string rfc3339(WallTime time);

}  // namespace cdviz::web::api
