// The tables of queue.db and how an older database becomes a newer one. The version stands in
// PRAGMA user_version.
#pragma once

#include <filesystem>
#include <span>

#include "core/result.h"
#include "queue/sqlite.h"

namespace cdviz::queue {

/// One step: the SQL that makes version `to` of version `to - 1`.
struct Upgrade {
  int to;
  const char* sql;
};

/// All steps of this program, from nothing, in order.
std::span<const Upgrade> upgrades();

/// Brings the database to the version of the last of `steps`, each step in a transaction of its
/// own.
/// @returns Fault::stop, with the file untouched, when it was written by a newer program. @throws
/// SqliteError
Result<void> upgrade(Connection& database, std::span<const Upgrade> steps);

/// Makes an empty queue at `file`, whole or not at all: a crash in between leaves no half-made file
/// under that name.
/// @throws SqliteError
void create(const std::filesystem::path& file);

/// fsync of a directory: makes names that were created or renamed in it last.
void sync_directory(const std::filesystem::path& directory);

}  // namespace cdviz::queue
