#include "queue/sqlite.h"

#include <sqlite3.h>

namespace cdviz::queue {
namespace {

int primary(int code) { return code & 0xff; }

/// A file name as URI, for `immutable=1`.
std::string immutable_uri(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    if (c == '?' || c == '#' || c == '%') {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      uri += '%';
      uri += kHex[byte >> 4U];
      uri += kHex[byte & 15U];
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

bool SqliteError::corrupt() const {
  // A statement that fitted the schema and no longer prepares means that the schema itself is
  // damaged.
  const int code = primary(code_);
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR ||
         code == SQLITE_FORMAT || code == SQLITE_MISMATCH || code == SQLITE_CONSTRAINT;
}
bool SqliteError::busy() const {
  return primary(code_) == SQLITE_BUSY || primary(code_) == SQLITE_LOCKED;
}
bool SqliteError::denied() const {
  const int code = primary(code_);
  return code == SQLITE_PERM || code == SQLITE_READONLY || code == SQLITE_CANTOPEN ||
         code == SQLITE_AUTH;
}
bool SqliteError::full() const { return primary(code_) == SQLITE_FULL; }

Error error_of(const SqliteError& failure) {
  const std::string detail = failure.what();
  if (failure.full())
    return {Fault::retry, "the disk of the queue is full (" + detail + "): make room", "disk_full"};
  if (failure.corrupt())
    return {Fault::retry, "the queue's database is damaged (" + detail + "): it is recovered",
            "corrupt"};
  if (failure.busy())
    return {Fault::retry, "another program holds the queue's database (" + detail + ")",
            "queue_busy"};
  return {Fault::retry, "the queue cannot be read or written: " + detail, "io_error"};
}

void Connection::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Connection::Connection(const std::filesystem::path& file, Access access,
                       std::chrono::milliseconds busy_wait) {
  int flags = SQLITE_OPEN_NOMUTEX;
  std::string name = file.string();
  switch (access) {
    case Access::read_only:
      flags |= SQLITE_OPEN_READONLY;
      break;
    case Access::read_write:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case Access::create:
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
    case Access::immutable:
      flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
      name = immutable_uri(file);
      break;
  }
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &db, flags, nullptr);
  db_.reset(db);
  if (db == nullptr) throw SqliteError(SQLITE_NOMEM, "out of memory");
  sqlite3_extended_result_codes(db, 1);
  if (code != SQLITE_OK) throw SqliteError(sqlite3_extended_errcode(db), sqlite3_errmsg(db));
  sqlite3_busy_timeout(db, static_cast<int>(busy_wait.count()));
  // A damaged file must not make SQLite run what it finds in the schema.
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // Closing must not write to a database that we no longer trust, or that a newer program made.
  if (access != Access::create) sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void Connection::check(int code) const {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  std::string text = sqlite3_errmsg(db_.get());
  const int system = sqlite3_system_errno(db_.get());
  if (primary(code) == SQLITE_IOERR)
    text += ", SQLite " + std::to_string(code) + ", errno " + std::to_string(system);
  throw SqliteError(code, std::move(text));
}

void Connection::run(const char* sql) {
  check(sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr));
}

std::int64_t Connection::integer(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(const Connection& connection, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  connection.check(sqlite3_prepare_v3(connection.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
  statement_.reset(statement);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

// An empty view may have no data, and a null pointer would bind NULL.
Statement& Statement::bind_text(int parameter, std::string_view value) {
  sqlite3_bind_text64(statement_.get(), parameter, value.empty() ? "" : value.data(), value.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view value) {
  sqlite3_bind_blob64(statement_.get(), parameter, value.empty() ? "" : value.data(), value.size(),
                      SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  sqlite3_bind_null(statement_.get(), parameter);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  sqlite3* db = sqlite3_db_handle(statement_.get());
  std::string text = sqlite3_errmsg(db);
  if (primary(code) == SQLITE_IOERR)
    text += ", SQLite " + std::to_string(sqlite3_extended_errcode(db)) + ", errno " +
            std::to_string(sqlite3_system_errno(db));
  sqlite3_reset(statement_.get());
  throw SqliteError(code, std::move(text));
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string_view Statement::text(int column) const {
  // column_blob first: column_bytes alone would leave the pointer of a text to a conversion.
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string_view{}
                         : std::string_view{data, static_cast<std::size_t>(size)};
}

}  // namespace cdviz::queue
