// A connection to PostgreSQL over libpq (https://www.postgresql.org/docs/15/libpq.html): every wait
// ends at a deadline or when asked to stop. One thread at a time. No prepared statements, so that
// PgBouncer may stand in between.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

struct pg_conn;
struct pg_result;

namespace cdviz::postgres {

/// The rows of an answer, all of them in memory.
class Rows {
 public:
  explicit Rows(pg_result* result) : result_(result) {}

  std::size_t size() const;
  std::size_t columns() const;
  /// The name of a column.
  std::string_view name(std::size_t column) const;
  bool is_null(std::size_t row, std::size_t column) const;
  /// The value in PostgreSQL's text form; empty for null. Lives as long as the Rows.
  std::string_view text(std::size_t row, std::size_t column) const;
  /// A value of an integer type; 0 for null.
  std::int64_t integer(std::size_t row, std::size_t column) const;
  bool boolean(std::size_t row, std::size_t column) const { return text(row, column) == "t"; }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

/// A parameter of a statement. Borrows its value until the call returns.
struct Parameter {
  /// text; also what PostgreSQL casts from it by itself
  static Parameter text(std::string_view value) { return {25, value}; }
  /// jsonb[], made by JsonArray
  static Parameter json_array(std::string_view value) { return {3807, value}; }

  /// in PostgreSQL's text form, of the type that the statement says: $1::timestamptz
  static Parameter inferred(const std::string& value) { return {0, value, false}; }

  unsigned type_oid;
  std::string_view value;  ///< in PostgreSQL's binary form, or as text with a NUL behind it
  bool binary = true;
};

/// Builds a jsonb[] in binary form: no quoting, no copy of a copy.
class JsonArray {
 public:
  void add(std::string_view json);
  void add_null();
  std::size_t size() const { return count_; }
  /// The bytes; lives until the next add.
  std::string_view bytes() const;
  void clear();

 private:
  void add_head();

  std::uint32_t count_ = 0;
  std::string bytes_;
};

struct ConnectSettings {
  std::string url;  ///< a secret: it may hold a password
  /// For each server of the URL, with name resolution (which does not heed `stop`), TLS and
  /// password.
  std::chrono::milliseconds connect_timeout{5'000};
  /// The server cancels a statement that takes longer (SQLSTATE 57014); we leave it alone 5 s
  /// later. 0: no limit.
  std::chrono::milliseconds statement_timeout{30'000};
  /// Refuse servers that only read, unless the URL says otherwise (target_session_attrs): after a
  /// failover a URL with several hosts leads to the new primary.
  bool read_write = true;
};

/// What the server said about the last failure, for those who need more than an Error.
struct Complaint {
  std::string sqlstate;
  std::string schema;
  std::string constraint;
  std::size_t position = 0;  ///< in the statement, in characters from 1; 0: not known
};

class Connection {
 public:
  /// Connects to the first server of the URL that takes us.
  /// @returns by meaning_of the SQLSTATE: stop for a wrong password or database, retry for a server
  /// that is away
  static Result<Connection> open(const ConnectSettings& settings, std::stop_token stop = {});
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();  ///< does not wait; a statement under way is rolled back by the server

  /// Runs one statement with parameters $1, $2, …, in a transaction of its own unless one is open.
  /// When the connection breaks before the answer (SQLSTATE 08006) it is not known whether it was
  /// committed.
  Result<Rows> execute(const std::string& statement, std::span<const Parameter> parameters,
                       std::stop_token stop = {});
  /// Runs one or more statements without parameters. @returns the rows of the last
  Result<Rows> execute(const std::string& statements, std::stop_token stop = {});

  /// False when another connection is needed: this one broke, or leads to the wrong server. Asks
  /// the socket only.
  bool usable();

  /// A string or a name, quoted for use in a statement that takes no parameters.
  std::string literal(std::string_view text) const;
  std::string identifier(std::string_view name) const;
  /// The SCRAM verifier of a password: what may stand in a statement, and so in a server's log.
  Result<std::string> encrypted_password(const std::string& user,
                                         const std::string& password) const;

  const Complaint& last_complaint() const;
  /// "host:port/database"
  const std::string& place() const;
  /// The server's version as 150003 for 15.3.
  int server_version() const;

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::postgres
