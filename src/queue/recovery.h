// What happens to a damaged queue.db: what can be read is carried over into a new database, the
// damaged one is moved aside whole, and the collector goes on.
//
// Order of steps, so that a crash at any of them neither loses the one nor mixes the two: (1) fill
// queue.db.salvage; (2) fsync and rename it to queue.db.recovered-TIME: from here on it counts; (3)
// move queue.db-wal, queue.db-shm and queue.db to queue.db.corrupt-TIME…, the log first, because a
// log beside a database it does not belong to would be replayed into it; (4) rename the recovered
// one to queue.db. finish_recovery() does (3) and (4) after a crash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "core/event.h"
#include "queue/files.h"

namespace cdviz::queue {

/// What a recovery found.
struct Recovered {
  std::filesystem::path aside;  ///< where the damaged database is now
  std::int64_t events = 0;      ///< carried over
  std::int64_t damaged = 0;     ///< events that became dead letters with the code "corrupt"
  std::int64_t missing = 0;     ///< events known to have been there that could not be found
  Place last;                   ///< of the new database
  Place deleted;
  std::int64_t letters = 0;          ///< dead letters carried over
  bool letters_complete = true;      ///< false: some dead letters may be gone
  bool cursors_complete = true;      ///< false: sinks start again from the oldest event
  bool checkpoints_complete = true;  ///< false: sources may read again what they had read
};

/// Steps (3) and (4) of a recovery that was interrupted, if there was one. @throws
/// std::filesystem::filesystem_error
void finish_recovery(const std::filesystem::path& directory);

/// All of it. The database must not be open in this process, nor be written by another.
/// @param mark  how far the queue had come, if that is known
/// @throws SqliteError when the new database cannot be written (no space),
/// std::filesystem::filesystem_error
Recovered recover(const std::filesystem::path& directory, WallTime now,
                  const std::optional<Mark::Value>& mark);

}  // namespace cdviz::queue
