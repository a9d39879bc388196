#include "postgres/migrations.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/sha.h>

#include "postgres/migration_files.h"

namespace cdviz::postgres {
namespace {

// Any number; the same in every version of the program.
constexpr std::string_view kLock = "hashtextextended('cdviz migrate', 0)";

std::string sha256_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string record_of(const Migration& migration) {
  // Names and checksums are ours: nothing in them needs quoting.
  return fmt::format(
      "insert into cdviz_store.migration (number, name, checksum) values ({}, '{}', '{}');\n",
      migration.number, migration.name, migration.checksum);
}

// "0001_lake.sql:12: …": where the server's position is.
std::string place_in(const Migration& migration, std::size_t position) {
  if (position == 0) return migration.name;
  std::size_t line = 1;
  std::size_t characters = 0;
  for (const char c : migration.sql) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U && ++characters >= position) break;
    if (c == '\n') ++line;
  }
  return fmt::format("{}:{}", migration.name, line);
}

Error stop_with(std::string message) { return Error{Fault::stop, std::move(message), "schema"}; }

Result<void> check(const Migration& applied, const std::vector<Migration>& known) {
  const auto ours = std::ranges::find(known, applied.number, &Migration::number);
  if (ours == known.end()) {
    return stop_with(fmt::format(
        "the database has migration {} ({}), this program knows only up to {}: use the version of "
        "cdviz-collector that made it, or a newer one",
        applied.number, applied.name, known.empty() ? 0 : known.back().number));
  }
  if (ours->checksum != applied.checksum) {
    return stop_with(
        fmt::format("migration {} ({}) is not the file that was applied to this database (checksum "
                    "{:.12} there, "
                    "{:.12} here): a migration must never change; use the version of "
                    "cdviz-collector that made it",
                    applied.number, applied.name, applied.checksum, ours->checksum));
  }
  return {};
}

// Rolls back what is open, unless the connection is gone, when the server does it.
Error undo(Connection& connection, Error error) {
  if (connection.usable()) static_cast<void>(connection.execute("rollback"));
  return error;
}

// In one transaction, under the lock. @returns false if somebody else applied it meanwhile
Result<bool> apply(Connection& connection, const Migration& migration,
                   const std::vector<Migration>& known, const MigrateOptions& options) {
  const auto say = [&](const std::string& line) {
    if (options.progress) options.progress(line);
  };
  const auto begun = connection.execute(
      fmt::format("begin; select pg_try_advisory_xact_lock({})", kLock), options.stop);
  if (!begun) return undo(connection, begun.error());
  if (!begun.value().boolean(0, 0)) {
    say("waiting for another run of migrate");
    const auto locked =
        connection.execute(fmt::format("select pg_advisory_xact_lock({})", kLock), options.stop);
    if (!locked) return undo(connection, locked.error());
  }
  const auto status = migration_status(connection, known, options.stop);
  if (!status) return undo(connection, status.error());
  if (std::ranges::none_of(status.value().pending, [&](const Migration& pending) {
        return pending.number == migration.number;
      })) {
    static_cast<void>(connection.execute("rollback"));
    return false;
  }
  say("applying " + migration.name);
  if (auto done = connection.execute(std::string(migration.sql), options.stop); !done) {
    Error error = done.error();
    error.message =
        place_in(migration, connection.last_complaint().position) + ": " + error.message;
    // A migration is not an event: there is nothing to put aside.
    if (error.fault == Fault::reject) error.fault = Fault::stop;
    return undo(connection, std::move(error));
  }
  const auto recorded = connection.execute(record_of(migration) + "commit", options.stop);
  if (!recorded) return undo(connection, recorded.error());
  return true;
}

}  // namespace

std::vector<Migration> migrations_from(std::span<const EmbeddedFile> files) {
  std::vector<Migration> migrations;
  for (const EmbeddedFile& file : files) {
    Migration migration{
        .name = std::string(file.name), .checksum = sha256_of(file.content), .sql = file.content};
    std::from_chars(file.name.data(), file.name.data() + file.name.size(), migration.number);
    migrations.push_back(std::move(migration));
  }
  std::ranges::sort(migrations, {}, &Migration::number);
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].number != static_cast<int>(i) + 1) {
      throw std::logic_error("migrations must be numbered from 1 without gaps: " +
                             migrations[i].name);
    }
  }
  return migrations;
}

std::vector<Migration> known_migrations() { return migrations_from(migration_files::files()); }

Result<MigrationStatus> migration_status(Connection& connection,
                                         const std::vector<Migration>& known,
                                         std::stop_token stop) {
  MigrationStatus status;
  const auto table = connection.execute(
      "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
      "where n.nspname = 'cdviz_store' and c.relname = 'migration'",
      stop);
  if (!table) return table.error();
  if (table.value().integer(0, 0) > 0) {
    const auto rows = connection.execute(
        "select number, name, checksum from cdviz_store.migration order by number", stop);
    if (!rows) return rows.error();
    for (std::size_t i = 0; i < rows.value().size(); ++i) {
      Migration applied{.number = static_cast<int>(rows.value().integer(i, 0)),
                        .name = std::string(rows.value().text(i, 1)),
                        .checksum = std::string(rows.value().text(i, 2)),
                        .sql = {}};
      if (auto known_too = check(applied, known); !known_too) return known_too.error();
      status.applied.push_back(std::move(applied));
    }
  }
  for (const Migration& migration : known) {
    if (std::ranges::find(status.applied, migration.number, &Migration::number) ==
        status.applied.end()) {
      status.pending.push_back(migration);
    }
  }
  return status;
}

Result<MigrationReport> migrate(Connection& connection, const MigrateOptions& options,
                                const std::vector<Migration>& known) {
  const auto status = migration_status(connection, known, options.stop);
  if (!status) return status.error();
  MigrationReport report;
  for (const Migration& migration : status.value().pending) {
    const auto started = std::chrono::steady_clock::now();
    const auto applied = apply(connection, migration, known, options);
    if (!applied) return applied.error();
    if (!applied.value()) continue;
    report.applied.push_back(migration.name);
    if (options.progress) {
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - started);
      options.progress(fmt::format("applied {} in {} ms", migration.name, took.count()));
    }
  }
  report.version = known.empty() ? 0 : known.back().number;
  return report;
}

std::string sql_of(const std::vector<Migration>& migrations) {
  std::string sql;
  for (const Migration& migration : migrations) {
    sql += fmt::format("-- {}\nbegin;\nselect pg_advisory_xact_lock({});\n", migration.name, kLock);
    sql += migration.sql;
    sql += record_of(migration) + "commit;\n";
  }
  return sql;
}

}  // namespace cdviz::postgres
