#include "web/api/export.h"

#include <chrono>
#include <string>

#include <fmt/format.h>

#include "net/body_stream.h"
#include "web/api/answer.h"
#include "web/api/replies.h"
#include "web/api/run_query.h"

namespace cdviz::web::api {
namespace {

constexpr std::size_t kRowsAtOnce = 1000;
constexpr std::size_t kWaitingBytesMax = std::size_t{256} * 1024;
constexpr std::size_t kWaitingMax = 64;
constexpr std::chrono::seconds kPatience{30};

/// A cursor in a transaction (https://www.postgresql.org/docs/15/sql-declare.html), closed when
/// this ends.
class Cursor {
 public:
  explicit Cursor(postgres::Connection& connection) : connection_(connection) {}
  ~Cursor() {
    // A connection that is not usable is not used again.
    if (connection_.usable()) static_cast<void>(connection_.execute("rollback"));
  }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  Result<void> open(const Question& question, WallTime now) {
    auto statement = statement_of(question, now);
    if (!statement) return statement.error();
    if (const auto begun = connection_.execute("begin read only"); !begun) return begun.error();
    statement->sql.insert(0, "declare export no scroll cursor for ");
    if (const auto declared = run_statement(connection_, *statement); !declared)
      return declared.error();
    return {};
  }
  Result<postgres::Rows> fetch(std::size_t rows) {
    return connection_.execute(fmt::format("fetch {} from export", rows));
  }

 private:
  postgres::Connection& connection_;
};

net::Response head_of(const Question& question, std::shared_ptr<net::BodyStream> stream) {
  net::Response response{.content_type = "text/csv; charset=utf-8; header=present",
                         .stream = std::move(stream)};
  response.headers.add("Content-Disposition",
                       fmt::format("attachment; filename=\"{}\"", file_name(question)));
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Vary", "Accept");
  harden(response);
  return response;
}

}  // namespace

Result<void> export_csv(postgres::Connection& connection, const Question& question, WallTime now,
                        const net::Reply& reply) {
  Cursor cursor(connection);
  if (auto opened = cursor.open(question, now); !opened) return opened;
  auto rows = cursor.fetch(kRowsAtOnce);
  if (!rows) return rows.error();
  const auto stream = std::make_shared<net::BodyStream>(kWaitingBytesMax, kWaitingMax);
  reply(head_of(question, stream));
  std::string piece = csv_head(*question.query);
  std::size_t left = question.rows_max;
  while (left > 0 && rows->size() > 0) {
    for (std::size_t row = 0; row < rows->size() && left > 0; ++row, --left)
      append_csv_row(piece, *question.query, *rows, row);
    if (!stream->write(piece, kPatience)) {
      stream->fail();
      return {};
    }
    piece.clear();
    if (rows->size() < kRowsAtOnce) break;
    auto next = cursor.fetch(kRowsAtOnce);
    if (!next) {
      stream->fail();  // what came is not all, and must not look so
      return {};
    }
    rows = std::move(next);
  }
  static_cast<void>(stream->write(piece, kPatience));  // whoever has gone does not miss it
  stream->end();
  return {};
}

}  // namespace cdviz::web::api
