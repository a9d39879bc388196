// What `dead-letters` and `queue` have in common: which queue, and times and sizes as text.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "commands/config_flags.h"
#include "commands/output.h"
#include "core/event.h"
#include "queue/inspect.h"

namespace CLI {
class App;
}

namespace cdviz::commands {

struct QueueFlags {
  std::string directory;  ///< --queue-directory; empty: [queue] directory of the configuration
  bool json = false;
  std::shared_ptr<ConfigFlags> config;
};

/// Declares --queue-directory, --json and the flags of the configuration.
std::shared_ptr<QueueFlags> add_queue_flags(CLI::App& verb);

/// Opens the queue that the flags mean. @returns nothing after it said why, with `exit_code` set
std::unique_ptr<queue::Inspector> open_queue(const QueueFlags& flags, int& exit_code);

/// RFC 3339 in UTC, to the millisecond.
std::string time_text(WallTime time);
/// "1.5 GiB".
std::string bytes_text(std::uint64_t bytes);
/// "250ms", "10s", "5m", "2h", "1d".
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// A duration back from `now`, or a date-time of RFC 3339 in UTC ("2026-01-31T12:00:00Z",
/// "2026-01-31").
std::optional<WallTime> parse_since(std::string_view text, WallTime now);

}  // namespace cdviz::commands
