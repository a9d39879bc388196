// The schema of the database: files of SQL, numbered, forward only, each in one transaction. The
// table cdviz_store.migration (made by the first of them) says which were applied, with their
// checksums.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/embedded_file.h"
#include "core/result.h"
#include "postgres/connection.h"

namespace cdviz::postgres {

struct Migration {
  int number = 0;        ///< from the name: 0001_lake.sql is 1
  std::string name;      ///< "0001_lake.sql"
  std::string checksum;  ///< SHA-256 of the file, hexadecimal
  std::string_view sql;  ///< lives for ever
};

/// Those that are in this program, in order.
std::vector<Migration> known_migrations();
/// The same from other files (tests). Names must start with a number and follow each other from 1.
std::vector<Migration> migrations_from(std::span<const EmbeddedFile> files);

/// What a database has and what it lacks.
struct MigrationStatus {
  std::vector<Migration> applied;
  std::vector<Migration> pending;
};

struct MigrationReport {
  std::vector<std::string> applied;  ///< names of those applied now, in order
  int version = 0;                   ///< of the schema afterwards
};

/// @returns Fault::stop if the database has a migration that is not in `known` (a newer program
/// made it), or one whose
///          file was different when it was applied
Result<MigrationStatus> migration_status(Connection& connection,
                                         const std::vector<Migration>& known,
                                         std::stop_token stop = {});

struct MigrateOptions {
  /// Called with one line before and after each.
  std::function<void(const std::string&)> progress = {};
  std::stop_token stop = {};
};

/// Applies what is pending. Two at once are safe: the second waits, then finds nothing to do. Each
/// migration is applied whole or not at all, so after a failure the next run goes on where this one
/// ended.
/// @param connection  of a role that may create roles and schemas; without a statement_timeout
Result<MigrationReport> migrate(Connection& connection, const MigrateOptions& options,
                                const std::vector<Migration>& known = known_migrations());

/// The SQL that migrate() would run, for psql -1 or an administrator.
std::string sql_of(const std::vector<Migration>& migrations);

}  // namespace cdviz::postgres
