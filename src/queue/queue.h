// The durable queue: one SQLite database (https://www.sqlite.org/wal.html) with the events, the
// cursors of the sinks, the checkpoints of the sources and the dead letters. One writer thread
// commits whatever is waiting, then answers everybody at once: natural group commit, no timer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/event.h"
#include "core/inlet.h"
#include "core/result.h"
#include "core/sink.h"

namespace cdviz::telemetry {
class Log;
class Metrics;
}  // namespace cdviz::telemetry

namespace cdviz::queue {

/// The place of an event in the queue: grows by one for each event, never reused. 0 is before the
/// first.
enum class Position : std::int64_t {};

enum class Durability : std::uint8_t {
  fsync,  ///< survives a crash of the machine
  os,     ///< survives a crash of the process only
};

struct QueueSettings {
  std::filesystem::path directory;                   ///< made if missing; holds queue.db
  std::uint64_t max_bytes = std::uint64_t{1} << 30;  ///< of events; then the queue is full
  std::uint64_t dead_letters_max_bytes = std::uint64_t{256}
                                         << 20;  ///< then nothing more may be refused: full
  Durability durability = Durability::fsync;
};

/// An event that could not be used, with its original bytes.
struct DeadLetter {
  std::int64_t number = 0;   ///< given by the queue
  std::string component_id;  ///< the source that took it in or the sink that rejected it
  bool from_sink = false;
  std::string code;    ///< short and stable: "json", "required", an SQLSTATE, "http_422"
  std::string reason;  ///< for people
  std::string body;    ///< the original bytes
  Headers headers = {};
  std::string metadata = {};
  std::string event_source = {};  ///< context.source and context.id, if they were readable
  std::string event_id = {};
  WallTime at = {};  ///< when it was refused
};

/// What one batch may hold: more never fits, not even into a queue that is empty.
struct Capacity {
  std::uint64_t event_bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t dead_letter_bytes = std::numeric_limits<std::uint64_t>::max();
};

/// What is committed in one transaction.
struct Batch {
  std::string source;  ///< whose checkpoint this is; may be empty without one
  std::vector<Event> events;
  std::vector<DeadLetter> dead_letters;
  Checkpoint checkpoint;
  /// Called once, on the writer thread: the position of the last event (or of the last one in the
  /// queue when there was none) when it is on disk; an Error when it could not be stored. Also
  /// called with an Error if the queue closes first.
  std::function<void(const Result<Position>&)> settled;
};

/// The target of an event that was damaged on disk (it stands in the dead letters, code "corrupt"):
/// no sink has this name, so every sink passes over it. The event itself is empty.
inline constexpr std::string_view kNobody = "(damaged)";

/// An event with its place.
struct Stored {
  Position position;
  Event event;
  std::string target;  ///< when not empty: meant for this sink only (a replayed dead letter)
};

enum class From : std::uint8_t { now, oldest };

struct SinkStatus {
  std::string name;
  Position cursor{};
  std::uint64_t pending_events = 0;
  std::uint64_t pending_bytes = 0;
  std::optional<WallTime> oldest = {};  ///< received_at of the oldest pending event
};

struct QueueStatus {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t max_bytes = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t dead_letter_bytes = 0;
  Position last{};
  std::vector<SinkStatus> sinks = {};
  bool accepting = false;   ///< false: full, or the disk fails
  std::string reason = {};  ///< why not accepting
};

/// Safe to call from any thread. Destroying it commits what was submitted, then closes.
class Queue {
 public:
  /// Opens or makes the database. A database that cannot be read is moved aside whole
  /// (queue.db.corrupt-TIME) after what can be read was carried over; that is logged and counted,
  /// and the collector starts.
  /// @returns Fault::stop when the directory cannot be used (permission, locked by another
  /// collector, newer version)
  static Result<std::unique_ptr<Queue>> open(const QueueSettings& settings, const Clock& clock,
                                             telemetry::Metrics& metrics, telemetry::Log& log);
  virtual ~Queue() = default;

  /// Hands a batch to the writer. Waits for room if `wait`, until `stop`. One that is larger than
  /// capacity() is settled with Fault::reject, code "batch_too_large".
  virtual Offered submit(Batch batch, bool wait, std::stop_token stop = {}) = 0;
  /// The same as long as the queue lives.
  virtual Capacity capacity() const { return {}; }

  /// Makes sure that `sink` has a cursor. @returns where it stands
  virtual Result<Position> attach(const std::string& sink, From from) = 0;
  /// Forgets a sink's cursor, so that its events may be deleted. @returns false if there was none
  virtual Result<bool> release(const std::string& sink) = 0;
  /// The next events after `after`, oldest first: at least one if there is one, then up to both
  /// limits.
  virtual Result<std::vector<Stored>> read(Position after, std::size_t max_events,
                                           std::size_t max_bytes) = 0;
  /// Waits until there is an event after `after`, `stop`, or `timeout`. @returns true if there is
  /// one
  virtual bool wait_beyond(Position after, std::chrono::milliseconds timeout,
                           std::stop_token stop) = 0;
  /// Moves a sink's cursor, and keeps what it rejected on the way, in one transaction. Never waits
  /// for room. The cursor's own move need not be on disk at once (it is harmless to deliver twice),
  /// the dead letters are before `settled`. `settled` may be empty. What is larger than all the
  /// dead letters may be is kept by reference (queue/too_large.h).
  virtual void advance(const std::string& sink, Position to, std::vector<DeadLetter> rejected,
                       std::function<void(const Result<void>&)> settled) = 0;

  virtual Result<std::optional<std::string>> checkpoint(std::string_view source,
                                                        std::string_view key) const = 0;
  /// As Inlet::checkpoints, of one source.
  virtual Result<std::vector<Checkpoint::Entry>> checkpoints(std::string_view source,
                                                             std::string_view prefix,
                                                             std::string_view after,
                                                             std::size_t max) const = 0;
  virtual QueueStatus status() const = 0;

  /// The dead letters with a number above `after`, oldest first, without their bytes.
  virtual Result<std::vector<Refusal>> refusals(std::int64_t after, std::size_t max) = 0;

  /// Dead letters that somebody asked to replay (`dead-letters replay`), oldest first.
  virtual Result<std::vector<DeadLetter>> replay_requests(std::size_t max) = 0;
  /// Takes a dead letter away in the same transaction as what became of it: `batch` (its events, or
  /// a new dead letter).
  virtual void replayed(std::int64_t number, Batch batch) = 0;
  /// For a dead letter of a sink: puts the event into the queue again for that sink alone, and
  /// takes the letter away.
  virtual void requeue(std::int64_t number, Event event, const std::string& sink) = 0;
};

}  // namespace cdviz::queue
