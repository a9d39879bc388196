// What may be written to queue.db: one connection, used by one thread, with its prepared
// statements. Every function throws SqliteError.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "queue/queue.h"
#include "queue/record.h"
#include "queue/sqlite.h"

namespace cdviz::queue {

/// What the writer knows by heart, as of the last commit.
struct Ledger {
  Place last;  ///< the newest event that ever was
  std::int64_t newest =
      0;          ///< the newest event that is there: below last.position when events were lost
  Place deleted;  ///< the newest event that was deleted; last - deleted is what the queue holds
  std::map<std::string, std::int64_t, std::less<>> cursors;  ///< sink → position
  std::int64_t letters = 0;
  std::int64_t letter_bytes = 0;
  bool cursors_lost = false;  ///< damage took cursors: a sink without one starts from the oldest

  std::uint64_t bytes() const { return static_cast<std::uint64_t>(last.bytes - deleted.bytes); }
  std::uint64_t events() const { return static_cast<std::uint64_t>(last.events - deleted.events); }
  /// The position below which every sink has everything; 0 when there is no sink.
  std::int64_t done_through() const;
};

/// An event ready to be written: the parts that can be prepared before its place is known.
struct Prepared {
  std::string_view fields;
  std::string_view json;
  std::string_view target;
  std::int64_t received_at = 0;
  std::uint32_t checksum = 0;  ///< content_checksum of fields and json
  std::int64_t bytes() const { return static_cast<std::int64_t>(fields.size() + json.size()); }
};

std::uint32_t cursor_checksum(std::string_view sink, std::int64_t position);
std::uint32_t checkpoint_checksum(std::string_view source, std::string_view key,
                                  std::string_view value);
std::uint32_t letter_checksum(const DeadLetter& letter);
std::uint32_t deleted_checksum(const Place& place);

class Store {
 public:
  Store(const std::filesystem::path& file, Durability durability);

  /// Reads the ledger: a few rows, however long the backlog.
  /// @throws SqliteError (corrupt) when the first or the last event is damaged
  Ledger load();

  /// Starts a transaction. @param sync  commit() returns only when it is on disk (with
  /// Durability::fsync)
  void begin(bool sync);
  void commit();
  /// Never throws: a transaction that failed badly is gone already.
  void rollback() noexcept;

  /// Writes the event behind ledger.last and moves that.
  void add_event(Ledger& ledger, const Prepared& event);
  /// @param position  of a damaged event: kept once however often it is reported
  void add_letter(Ledger& ledger, const DeadLetter& letter,
                  std::optional<std::int64_t> position = std::nullopt);
  /// @returns false if there is no such letter
  bool take_letter(Ledger& ledger, std::int64_t number);
  void set_cursor(std::string_view sink, std::int64_t position, bool attached);
  bool remove_cursor(std::string_view sink);
  void set_checkpoint(std::string_view source, const Checkpoint::Entry& entry);
  void set_fact(std::string_view name, std::int64_t value);
  /// Deletes up to `max_rows` events at or below `through` and moves ledger.deleted.
  /// @returns true if there is more to delete
  bool delete_events(Ledger& ledger, std::int64_t through, std::int64_t max_rows);

  /// For a database that is being filled: where the queue begins, and the number of the letter
  /// added last.
  void set_deleted(const Place& place);
  void renumber_letter(std::int64_t number, std::optional<std::int64_t> replay_at);

  /// Whether another connection wrote since the last call.
  bool changed_by_others();
  /// Reads again what another process may change: dead letters and released sinks.
  void refresh(Ledger& ledger);
  /// Nobody is attached yet: called when a collector opens the queue.
  void detach_all();

  /// Copies the WAL into the database as far as readers allow. @returns true if all of it was
  /// copied
  bool checkpoint(bool truncate);
  /// Pages in the WAL after the last commit.
  int wal_pages() const { return wal_pages_; }
  /// Of pages in the database that nothing uses.
  std::uint64_t free_bytes();
  Connection& connection() { return connection_; }

 private:
  Connection connection_;
  Durability durability_;
  bool syncs_ = true;
  int wal_pages_ = 0;
  std::int64_t data_version_ = 0;
  struct Statements;
  std::unique_ptr<Statements, void (*)(Statements*)> statements_;
};

}  // namespace cdviz::queue
