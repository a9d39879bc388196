// What `dead-letters` and `queue` have in common: which queue, and how bytes of unknown origin are
// shown.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "commands/config_flags.h"
#include "core/event.h"
#include "queue/inspect.h"

namespace CLI {
class App;
}

namespace cdviz::commands {

inline constexpr int kExitNothing = 1;      ///< nothing was found, or it failed
inline constexpr int kExitWrongUsage = 64;  ///< EX_USAGE of sysexits.h

struct QueueFlags {
  std::string directory;  ///< --queue-directory; empty: [queue] directory of the configuration
  bool json = false;
  std::shared_ptr<ConfigFlags> config;
};

/// Declares --queue-directory, --json and the flags of the configuration.
std::shared_ptr<QueueFlags> add_queue_flags(CLI::App& verb);

/// Opens the queue that the flags mean. @returns nothing after it said why, with `exit_code` set
std::unique_ptr<queue::Inspector> open_queue(const QueueFlags& flags, int& exit_code);

/// Prints to standard error. @returns `code`
int complain(int code, const std::string& message);

/// Text that a terminal shows and never obeys: control characters, escapes and bytes that are not
/// UTF-8 become \xNN, line ends stay when `lines`. Cut after `max` bytes, with a note of how much
/// there is.
std::string shown(std::string_view text, std::size_t max, bool lines = false);

/// RFC 3339 in UTC, to the millisecond.
std::string time_text(WallTime time);
/// "1.5 GiB".
std::string bytes_text(std::uint64_t bytes);
/// "250ms", "10s", "5m", "2h", "1d".
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// A duration back from `now`, or a date-time of RFC 3339 in UTC ("2026-01-31T12:00:00Z",
/// "2026-01-31").
std::optional<WallTime> parse_since(std::string_view text, WallTime now);

bool is_utf8(std::string_view bytes);
std::string base64(std::string_view bytes);

/// One JSON object, written member by member.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, std::int64_t value);
  JsonObject& boolean(std::string_view name, bool value);
  JsonObject& raw(std::string_view name, std::string_view json);
  /// As text when it is UTF-8, else as `name`_base64.
  JsonObject& bytes(std::string_view name, std::string_view value);
  std::string done() const { return out_ + "}"; }

 private:
  void key(std::string_view name);
  std::string out_ = "{";
};

}  // namespace cdviz::commands
