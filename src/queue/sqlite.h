// A thin layer over SQLite's C interface (https://www.sqlite.org/c3ref/intro.html): connections and
// prepared statements that close themselves. Failures are thrown as SqliteError inside this folder;
// whoever offers a function to other folders catches them there and returns an Error.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cdviz::queue {

/// A call that SQLite answered with an error.
class SqliteError final : public std::exception {
 public:
  SqliteError(int code, std::string message) : code_(code), message_(std::move(message)) {}
  int code() const { return code_; }  ///< extended result code
  const char* what() const noexcept override { return message_.c_str(); }
  bool corrupt() const;  ///< the file is damaged or is no database
  bool busy() const;     ///< another connection holds a lock
  bool full() const;     ///< no space left
  bool denied() const;   ///< permissions

 private:
  int code_;
  std::string message_;
};

/// The Error for callers of the queue. Codes: "disk_full", "io_error", "corrupt", "queue_busy".
Error error_of(const SqliteError& failure);

/// One connection. Not thread-safe.
class Connection {
 public:
  enum class Access : std::uint8_t { read_only, read_write, create, immutable };
  /// @throws SqliteError
  Connection(const std::filesystem::path& file, Access access, std::chrono::milliseconds busy_wait);

  /// Runs statements that give no rows. @throws SqliteError
  void run(const char* sql);
  /// The first column of the first row; 0 when there is no row. @throws SqliteError
  std::int64_t integer(const char* sql);
  sqlite3* handle() const { return db_.get(); }
  /// Throws SqliteError when `code` is an error.
  void check(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::unique_ptr<sqlite3, Close> db_;
};

/// A prepared statement. Text and blobs that are bound must live until it was run.
class Statement {
 public:
  Statement(const Connection& connection, std::string_view sql);

  Statement& bind(int parameter, std::int64_t value);
  Statement& bind_text(int parameter, std::string_view value);
  Statement& bind_blob(int parameter, std::string_view value);
  Statement& bind_null(int parameter);
  /// @returns true if there is a row; false at the end, ready to be bound and stepped again.
  /// @throws SqliteError
  bool step();
  /// For statements without rows.
  void run();
  /// Ends a statement before its last row: a read transaction would stay open otherwise.
  void reset();

  std::int64_t integer(int column) const;
  bool is_null(int column) const;
  /// Bytes of a text or blob; lives until the next step() or reset().
  std::string_view text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Ends a statement with the scope, whatever happens in it.
class Reset {
 public:
  explicit Reset(Statement& statement) : statement_(statement) {}
  ~Reset() { statement_.reset(); }
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;

 private:
  Statement& statement_;
};

}  // namespace cdviz::queue
