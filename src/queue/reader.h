// What may be read from queue.db: connections of their own, so that no sink waits for the writer.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "queue/queue.h"
#include "queue/record.h"
#include "queue/sqlite.h"

namespace cdviz::queue {

/// A row of events whose checksum does not fit.
struct Damaged {
  std::int64_t position = 0;
  std::int64_t received_at = 0;
  std::string fields;
  std::string json;
};

/// What a read found.
struct Found {
  std::vector<Stored> events;  ///< damaged ones too, with target kNobody
  std::vector<Damaged> damaged;
  std::int64_t missing = 0;        ///< events that should stand among them and do not
  std::int64_t missing_after = 0;  ///< the position before the first of them
};

/// One connection with its prepared statements; used by one thread at a time. Throws SqliteError.
class Reader {
 public:
  /// @param immutable  nobody writes to the file: works without write permission on the directory
  explicit Reader(const std::filesystem::path& file, bool immutable = false);

  Found read(std::int64_t after, std::size_t max_events, std::size_t max_bytes);
  /// The first event after `position`: its place and when it was received. Nothing if there is
  /// none.
  std::optional<std::pair<Place, std::int64_t>> next(std::int64_t position);
  std::optional<std::string> checkpoint(std::string_view source, std::string_view key);
  /// As Inlet::checkpoints.
  std::vector<Checkpoint::Entry> checkpoints(std::string_view source, std::string_view prefix,
                                             std::string_view after, std::size_t max);
  std::vector<Refusal> refusals(std::int64_t after, std::size_t max);
  std::vector<DeadLetter> replay_requests(std::size_t max);
  Connection& connection() { return connection_; }

 private:
  Connection connection_;
  Statement read_, next_, checkpoint_, checkpoints_, refusals_, replay_;
};

/// The letter in a row of kLetterColumns. @param damaged  set when the checksum does not fit
DeadLetter letter_in(const Statement& row, bool& damaged);
inline constexpr const char* kLetterColumns =
    "number, at, component_id, from_sink, code, reason, event_source, event_id, checksum, "
    "replay_at, headers, metadata, body";

/// Lends readers. A lease keeps the database from being closed or replaced (`exclusive`) until it
/// ends.
class Readers {
 public:
  explicit Readers(std::filesystem::path file) : file_(std::move(file)) {}

  class Lease {
   public:
    Lease(Readers& owner, std::shared_lock<std::shared_mutex> open, std::unique_ptr<Reader> reader)
        : owner_(owner), open_(std::move(open)), reader_(std::move(reader)) {}
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Reader* operator->() const { return reader_.get(); }

   private:
    Readers& owner_;
    std::shared_lock<std::shared_mutex> open_;
    std::unique_ptr<Reader> reader_;
  };
  /// @throws SqliteError when the database cannot be opened
  Lease lend();

  /// Grows whenever the database may have been replaced: a failure seen before says nothing about
  /// it now.
  std::uint64_t generation() const { return generation_.load(); }

  /// Waits until no reader is lent and closes all; nobody gets one while the returned lock is held.
  std::unique_lock<std::shared_mutex> exclusive();

 private:
  std::filesystem::path file_;
  std::shared_mutex gate_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Reader>> idle_;
  std::atomic<std::uint64_t> generation_ = 0;
};

}  // namespace cdviz::queue
