#include "queue/schema.h"

#include <array>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace cdviz::queue {
namespace {

// events: `total_events` and `total_bytes` count everything that came through up to and with the
// row. Two rows give what
//   stands between them without looking at the rows in between, so status and start do not depend
//   on the backlog; and a row that vanished shows as a step of more than one.
// checksum (everywhere): CRC-32 of the row (record.h, store.cc).
// dead_letters: `replay_at` is set by `dead-letters replay`; `position` is that of a damaged event,
// which becomes a dead
//   letter once however many sinks read it. The triggers keep the totals right whichever process
//   writes.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  received_at INTEGER NOT NULL,
  total_events INTEGER NOT NULL,
  total_bytes INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  target TEXT NOT NULL,
  fields BLOB NOT NULL,
  json TEXT NOT NULL
);
CREATE TABLE deleted (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL,
  total_events INTEGER NOT NULL,
  total_bytes INTEGER NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE cursors (
  sink TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  attached INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  source TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE TABLE dead_letters (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  component_id TEXT NOT NULL,
  from_sink INTEGER NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  event_source TEXT NOT NULL,
  event_id TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  position INTEGER,
  replay_at INTEGER,
  headers BLOB NOT NULL,
  metadata TEXT NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX dead_letters_to_replay ON dead_letters (number) WHERE replay_at IS NOT NULL;
CREATE UNIQUE INDEX dead_letters_damaged ON dead_letters (position) WHERE position IS NOT NULL;
CREATE TABLE dead_letter_totals (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  letters INTEGER NOT NULL,
  bytes INTEGER NOT NULL
);
INSERT INTO dead_letter_totals VALUES (1, 0, 0);
CREATE TRIGGER dead_letters_added AFTER INSERT ON dead_letters BEGIN
  UPDATE dead_letter_totals SET letters = letters + 1, bytes = bytes + new.bytes;
END;
CREATE TRIGGER dead_letters_taken AFTER DELETE ON dead_letters BEGIN
  UPDATE dead_letter_totals SET letters = letters - 1, bytes = bytes - old.bytes;
END;
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
)sql";

constexpr std::array kUpgrades = {Upgrade{1, kVersion1}};

/// The version is kept twice, so that a flipped byte in the file's header is not taken for a newer
/// program.
std::int64_t second_version(Connection& database) {
  try {
    return database.integer("SELECT value FROM facts WHERE name = 'schema_version'");
  } catch (const SqliteError&) {
    return 0;  // a table that this program does not know of
  }
}

}  // namespace

std::span<const Upgrade> upgrades() { return kUpgrades; }

Result<void> upgrade(Connection& database, std::span<const Upgrade> steps) {
  const int newest = steps.back().to;
  const std::int64_t found = database.integer("PRAGMA user_version");
  if (found < 0 || found > newest) {
    const std::int64_t second = second_version(database);
    if (second > 0 && second <= newest)
      throw SqliteError(11 /* SQLITE_CORRUPT */, "the two schema versions differ");
    return Error{Fault::stop,
                 fmt::format("the queue was written by a newer program (schema {}, this one knows "
                             "{}): install that program again, or use another [queue] directory",
                             found, newest)};
  }
  for (const auto& step : steps) {
    if (step.to <= found) continue;
    database.run("BEGIN IMMEDIATE");
    try {
      database.run(step.sql);
      database.run(fmt::format("PRAGMA user_version = {};"
                               "INSERT INTO facts VALUES ('schema_version', {}) "
                               "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                               step.to, step.to)
                       .c_str());
      database.run("COMMIT");
    } catch (const SqliteError&) {
      if (database.integer("SELECT 1") == 1) database.run("ROLLBACK");
      throw;
    }
  }
  return {};
}

void create(const std::filesystem::path& file) {
  const std::filesystem::path half = file.string() + ".new";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    std::filesystem::remove(half.string() + suffix);
  {
    Connection database(half, Connection::Access::create, std::chrono::seconds(5));
    database.run("PRAGMA synchronous = FULL");
    static_cast<void>(upgrade(database, upgrades()));  // an empty file is never newer
    // Here and not at the first open, so that the file never stands under its name in another mode.
    database.run("PRAGMA journal_mode = WAL");
  }
  std::filesystem::rename(half, file);
  sync_directory(file.parent_path());
}

void sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;  // a file system without it: names are as safe as it makes them
  ::fsync(fd);
  ::close(fd);
}

}  // namespace cdviz::queue
