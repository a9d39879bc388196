// Looking into a queue from another process, whether a collector runs on it or not: for the
// commands `dead-letters` and `queue`. Reads in short steps, so that a running collector is not
// held up; what it changes (marks for a replay, drops, releases) a running collector notices within
// a second.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/queue.h"

namespace cdviz::queue {

/// Which dead letters; what is not set does not matter.
struct LetterFilter {
  std::optional<std::string> component = {};  ///< component_id
  std::optional<bool> from_sink = {};
  std::optional<std::string> code = {};
  std::optional<WallTime> since = {};      ///< refused then or later
  std::vector<std::int64_t> numbers = {};  ///< empty: any
  bool marked_only = false;                ///< only those that wait for their replay
  std::size_t limit = 0;                   ///< 0: all
  bool newest_first = false;               ///< in letters()
  std::optional<std::int64_t> below = {};  ///< newest_first: only lower numbers
};

struct ListedLetter {
  DeadLetter letter;
  bool damaged = false;  ///< its checksum does not fit: bytes of it were changed on disk
  std::optional<WallTime> replay_requested;
};

struct InspectedSink {
  SinkStatus status;
  bool attached;  ///< in use by the running collector
};

struct InspectedQueue {
  QueueStatus status;  ///< `accepting` and `reason` only tell about the limits
  std::vector<InspectedSink> sinks;
  std::optional<int> collector;              ///< process id, when one runs
  std::uint64_t dead_letters_max_bytes = 0;  ///< 0: not known
  std::uint64_t to_replay = 0;
  std::uintmax_t file_bytes = 0;       ///< of queue.db and its log
  std::vector<std::string> set_aside;  ///< damaged databases that were moved aside
};

/// What `queue verify` found.
struct Verification {
  std::vector<std::string> problems;  ///< of SQLite's own check and of ours; at most 20 of each
  std::int64_t events = 0;
  std::int64_t damaged_events = 0;
  std::int64_t missing_events = 0;
  std::int64_t letters = 0;
  std::int64_t damaged_letters = 0;
  bool sound() const {
    return problems.empty() && damaged_events == 0 && missing_events == 0 && damaged_letters == 0;
  }
};

class Inspector {
 public:
  /// @returns Fault::stop when there is no queue, when it cannot be read, or when its version is
  /// not this program's
  static Result<std::unique_ptr<Inspector>> open(const std::filesystem::path& directory);
  virtual ~Inspector() = default;

  virtual Result<InspectedQueue> status() = 0;
  /// Visits letters, oldest first unless the filter says otherwise, until `visit` returns false.
  virtual Result<void> letters(const LetterFilter& filter,
                               const std::function<bool(const ListedLetter&)>& visit) = 0;
  /// How many letters fit.
  virtual Result<std::int64_t> count(const LetterFilter& filter) = 0;
  /// Marks letters for a replay. @returns their numbers
  virtual Result<std::vector<std::int64_t>> mark(const LetterFilter& filter) = 0;
  /// Removes letters for good. @returns how many
  virtual Result<std::int64_t> drop(const LetterFilter& filter) = 0;
  /// Visits the events in the queue, oldest first, until `visit` returns false. Damaged ones have
  /// the target kNobody.
  virtual Result<void> events(const std::function<bool(const Stored&)>& visit) = 0;
  /// Reads everything: takes seconds for each GiB.
  virtual Result<Verification> verify() = 0;
  /// Forgets a sink's cursor. @param force  also when a running collector uses it
  /// @returns false if there is none; Fault::stop when it is in use
  virtual Result<bool> release(const std::string& sink, bool force) = 0;
};

}  // namespace cdviz::queue
