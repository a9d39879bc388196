#include "postgres/connection.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "postgres/fault.h"
#include "postgres/url.h"

namespace cdviz::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kConnectFailed = "08001";
constexpr std::string_view kConnectionBroke = "08006";
constexpr milliseconds kGrace{5'000};

enum class Waited : std::uint8_t { ready, timeout, stopped };

// An eventfd, or none (-1).
class EventFd {
 public:
  explicit EventFd(bool wanted) : fd_(wanted ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1) {}
  ~EventFd() {
    if (fd_ >= 0) close(fd_);
  }
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// Ends a poll() when stop is requested.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& stop)
      : fd_(stop.stop_possible()), callback_(stop, Raise{fd_.get()}) {}
  int fd() const { return fd_.get(); }

 private:
  struct Raise {
    int fd;
    void operator()() const {
      if (fd >= 0) eventfd_write(fd, 1);
    }
  };
  // In this order: the callback is destroyed first, which waits for one that runs; only then may
  // the descriptor be closed, or the callback would write into one that somebody else got.
  EventFd fd_;
  std::stop_callback<Raise> callback_;
};

Waited wait_for(int socket, short events, steady_clock::time_point deadline,
                const StopSignal& stop) {
  std::array<pollfd, 2> fds{pollfd{socket, events, 0}, pollfd{stop.fd(), POLLIN, 0}};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    const int timeout = static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, 3'600'000));
    const int ready = poll(fds.data(), stop.fd() >= 0 ? 2 : 1, timeout);
    if (ready > 0 && fds[1].revents != 0) return Waited::stopped;
    if (ready > 0) return Waited::ready;
    if (ready == 0 && steady_clock::now() >= deadline) return Waited::timeout;
  }
}

std::string in_one_line(std::string_view message) {
  std::string line;
  for (const char c : message) {
    if (c != '\n') {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

struct ConnectFailure {
  std::string sqlstate;
  std::string message;
};

// libpq gives no SQLSTATE for a connection that failed, but writes it into the message when asked
// to be verbose: "FATAL:  28P01: password authentication failed for user "x"", then a line of the
// server's source.
ConnectFailure read_failure(std::string_view message) {
  ConnectFailure failure;
  std::string kept;
  while (!message.empty()) {
    const auto end = message.find('\n');
    const std::string_view line = message.substr(0, end);
    message = end == std::string_view::npos ? std::string_view{} : message.substr(end + 1);
    if (line.starts_with("LOCATION:")) continue;
    kept += kept.empty() ? "" : "; ";
    const auto mark = line.find(":  ");
    const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    if (mark != std::string_view::npos && line.size() > mark + 10 && line[mark + 8] == ':' &&
        std::ranges::all_of(line.substr(mark + 3, 5), is_code)) {
      failure.sqlstate = line.substr(mark + 3, 5);
      kept += line.substr(0, mark + 2);
      kept += line.substr(mark + 10);
    } else {
      kept += line;
    }
  }
  failure.message = in_one_line(kept);
  return failure;
}

void ignore_notice(void*, const PGresult*) {}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string{} : std::string(text);
}

}  // namespace

// ---- Rows and parameters ----

void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }
std::size_t Rows::size() const { return static_cast<std::size_t>(PQntuples(result_.get())); }
std::size_t Rows::columns() const { return static_cast<std::size_t>(PQnfields(result_.get())); }
std::string_view Rows::name(std::size_t column) const {
  const char* name = PQfname(result_.get(), static_cast<int>(column));
  return name == nullptr ? std::string_view{} : name;
}
bool Rows::is_null(std::size_t row, std::size_t column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
}
std::string_view Rows::text(std::size_t row, std::size_t column) const {
  const int r = static_cast<int>(row);
  const int c = static_cast<int>(column);
  const char* value = PQgetvalue(result_.get(), r, c);
  if (value == nullptr) return {};
  return {value, static_cast<std::size_t>(PQgetlength(result_.get(), r, c))};
}
std::int64_t Rows::integer(std::size_t row, std::size_t column) const {
  const std::string_view digits = text(row, column);
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

namespace {
void put_int32(std::string& to, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) to[at + i] = static_cast<char>(value >> (24 - 8 * i));
}
void append_int32(std::string& to, std::uint32_t value) {
  to.append(4, '\0');
  put_int32(to, to.size() - 4, value);
}
constexpr std::uint32_t kJsonbOid = 3802;
constexpr char kJsonbVersion = 1;
constexpr std::string_view kEmptyArray{"\0\0\0\0\0\0\0\0\0\0\x0e\xda", 12};  // no dimensions
}  // namespace

void JsonArray::add_head() {
  if (!bytes_.empty()) return;
  append_int32(bytes_, 1);          // dimensions (src/backend/utils/adt/arrayfuncs.c, array_recv)
  append_int32(bytes_, 0);          // no nulls
  append_int32(bytes_, kJsonbOid);  // of the elements
  append_int32(bytes_, 0);          // how many: with each element
  append_int32(bytes_, 1);          // the first index
}

void JsonArray::add_null() {
  add_head();
  put_int32(bytes_, 4, 1);  // there are nulls
  append_int32(bytes_, ~std::uint32_t{0});
  put_int32(bytes_, 12, ++count_);
}

void JsonArray::add(std::string_view json) {
  add_head();
  append_int32(bytes_, static_cast<std::uint32_t>(json.size() + 1));
  bytes_ += kJsonbVersion;
  bytes_ += json;
  put_int32(bytes_, 12, ++count_);
}

std::string_view JsonArray::bytes() const {
  return count_ == 0 ? kEmptyArray : std::string_view(bytes_);
}

void JsonArray::clear() {
  bytes_.clear();
  count_ = 0;
}

// ---- Connection ----

struct Connection::Impl {
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> pg;
  std::string place;
  milliseconds statement_timeout{0};
  bool broken = false;
  Complaint complaint;

  steady_clock::time_point deadline() const {
    const auto limit = statement_timeout.count() == 0 ? milliseconds{std::chrono::hours{24 * 365}}
                                                      : statement_timeout + kGrace;
    return steady_clock::now() + limit;
  }

  Error fail(std::string sqlstate, std::string_view message) {
    const Meaning meaning = meaning_of(sqlstate);
    if (meaning.reconnect) broken = true;
    complaint.sqlstate = sqlstate;
    return Error{meaning.fault, fmt::format("PostgreSQL at {}: {}", place, message),
                 std::move(sqlstate)};
  }

  Error lost() {
    broken = true;
    return fail(std::string(kConnectionBroke), in_one_line(PQerrorMessage(pg.get())));
  }

  Error fail(const PGresult* result) {
    complaint = {.sqlstate = field(result, PG_DIAG_SQLSTATE),
                 .schema = field(result, PG_DIAG_SCHEMA_NAME),
                 .constraint = field(result, PG_DIAG_CONSTRAINT_NAME)};
    const std::string position = field(result, PG_DIAG_STATEMENT_POSITION);
    std::from_chars(position.data(), position.data() + position.size(), complaint.position);
    // DETAIL and CONTEXT are left out: they quote rows.
    std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    if (message.empty()) message = in_one_line(PQresultErrorMessage(result));
    if (const std::string hint = field(result, PG_DIAG_MESSAGE_HINT); !hint.empty()) {
      message += " (" + in_one_line(hint) + ")";
    }
    if (complaint.sqlstate.empty()) broken = true;
    return fail(complaint.sqlstate.empty() ? std::string(kConnectionBroke) : complaint.sqlstate,
                message);
  }

  // Sends what libpq holds, and takes what the server answers meanwhile, or both could wait for
  // ever.
  Result<void> exchange(const StopSignal& stop, steady_clock::time_point until) {
    for (;;) {
      const int unsent = PQflush(pg.get());
      if (unsent < 0) return {};  // the results tell why
      if (unsent == 0 && PQisBusy(pg.get()) == 0) return {};
      const auto events = static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0));
      switch (wait_for(PQsocket(pg.get()), events, until, stop)) {
        case Waited::ready:
          break;
        case Waited::timeout:
          broken = true;
          return fail("57014", fmt::format("no answer within {} s",
                                           std::chrono::duration_cast<std::chrono::seconds>(
                                               statement_timeout + kGrace)
                                               .count()));
        case Waited::stopped:
          broken = true;
          return fail(std::string(kConnectionBroke), "asked to stop while waiting for the answer");
      }
      if (PQconsumeInput(pg.get()) == 0) return {};
    }
  }

  Result<Rows> results(const std::stop_token& stop) {
    const StopSignal signal(stop);
    const auto until = deadline();
    std::optional<Rows> last;
    std::optional<Error> first_error;
    for (;;) {
      if (auto exchanged = exchange(signal, until); !exchanged) return exchanged.error();
      PGresult* result = PQgetResult(pg.get());
      if (result == nullptr) break;
      Rows rows(result);
      const ExecStatusType status = PQresultStatus(result);
      if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
        last = std::move(rows);
      } else if (!first_error) {
        first_error = fail(result);
      }
      if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) {
        broken = true;
        return fail("0A000", "COPY is not possible here");
      }
    }
    if (PQstatus(pg.get()) != CONNECTION_OK) broken = true;
    if (first_error) return *first_error;
    if (!last) return lost();
    return std::move(*last);
  }

  Result<Rows> start(int sent, const std::stop_token& stop) {
    complaint = {};
    if (sent == 0) return lost();
    return results(stop);
  }
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

namespace {

Error connect_error(const std::string& place, std::string sqlstate, const std::string& message) {
  const Fault fault = fault_of(sqlstate);
  // A server that is away says nothing about us; class 22 or 23 cannot mean an event here.
  return Error{fault == Fault::reject ? Fault::stop : fault,
               fmt::format("PostgreSQL at {}: {}", place, message), std::move(sqlstate)};
}

// Ours first, so that the URL's replace them.
UrlParameters with_defaults(const UrlParameters& server, bool read_write) {
  UrlParameters all{{"fallback_application_name", "cdviz-collector"},
                    {"client_encoding", "UTF8"},
                    {"keepalives", "1"},
                    {"keepalives_idle", "30"},
                    {"keepalives_interval", "10"},
                    {"keepalives_count", "3"},
                    {"tcp_user_timeout", "15000"}};
  if (read_write) all["target_session_attrs"] = "read-write";
  for (const auto& [name, value] : server) all[name] = value;
  return all;
}

PGconn* start_connecting(const UrlParameters& parameters) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : parameters) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(names.data(), values.data(), 0);
}

// @returns the failure, or nothing when connected
std::optional<Error> finish_connecting(PGconn* pg, const std::string& place, milliseconds timeout,
                                       const std::stop_token& stop) {
  const StopSignal signal(stop);
  const auto deadline = steady_clock::now() + timeout;
  PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  if (PQstatus(pg) == CONNECTION_BAD) next = PGRES_POLLING_FAILED;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) {
      auto [sqlstate, message] = read_failure(PQerrorMessage(pg));
      if (sqlstate.empty() && PQconnectionNeedsPassword(pg) != 0) sqlstate = "28P01";
      if (sqlstate.empty()) sqlstate = kConnectFailed;
      return connect_error(place, sqlstate, message);
    }
    const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    switch (wait_for(PQsocket(pg), events, deadline, signal)) {
      case Waited::ready:
        break;
      case Waited::timeout:
        return connect_error(place, std::string(kConnectFailed),
                             fmt::format("no connection within {} ms", timeout.count()));
      case Waited::stopped:
        return connect_error(place, std::string(kConnectFailed), "asked to stop while connecting");
    }
    next = PQconnectPoll(pg);
  }
  PQsetErrorVerbosity(pg, PQERRORS_DEFAULT);
  PQsetNoticeReceiver(pg, &ignore_notice, nullptr);
  PQsetnonblocking(pg, 1);
  return {};
}

}  // namespace

Result<Connection> Connection::open(const ConnectSettings& settings, std::stop_token stop) {
  const auto parameters = parse_url(settings.url);
  if (!parameters) return parameters.error();
  std::optional<Error> first_error;
  for (const UrlParameters& server : servers_of(parameters.value())) {
    auto impl = std::make_unique<Impl>();
    impl->place = place_of(server);
    impl->statement_timeout = settings.statement_timeout;
    impl->pg.reset(start_connecting(with_defaults(server, settings.read_write)));
    if (!impl->pg) return Error{Fault::retry, "out of memory", "53200"};
    auto failure = finish_connecting(impl->pg.get(), impl->place, settings.connect_timeout, stop);
    if (!failure) {
      Connection connection(std::move(impl));
      // The server looks every 5 s whether we are still there, so that a statement we left alone
      // ends.
      const auto set = connection.execute(
          fmt::format("select set_config('statement_timeout', '{}', false), set_config('TimeZone', "
                      "'UTC', false); "
                      "select set_config(name, '5s', false) from pg_settings where name = "
                      "'client_connection_check_interval'",
                      settings.statement_timeout.count()),
          stop);
      if (set) return connection;
      failure = set.error();
    }
    if (stop.stop_requested()) return *failure;
    if (!first_error) {
      first_error = std::move(failure);
      continue;
    }
    // One server that is away may come back: then there is something to wait for.
    first_error->message += "; " + failure->message;
    if (failure->fault == Fault::retry) first_error->fault = Fault::retry;
  }
  return *first_error;
}

Result<Rows> Connection::execute(const std::string& statement,
                                 std::span<const Parameter> parameters, std::stop_token stop) {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (const Parameter& parameter : parameters) {
    types.push_back(parameter.type_oid);
    formats.push_back(parameter.binary ? 1 : 0);
    values.push_back(parameter.value.data() == nullptr ? "" : parameter.value.data());
    lengths.push_back(static_cast<int>(parameter.value.size()));
  }
  return impl_->start(
      PQsendQueryParams(impl_->pg.get(), statement.c_str(), static_cast<int>(parameters.size()),
                        types.data(), values.data(), lengths.data(), formats.data(), 0),
      stop);
}

Result<Rows> Connection::execute(const std::string& statements, std::stop_token stop) {
  return impl_->start(PQsendQuery(impl_->pg.get(), statements.c_str()), stop);
}

bool Connection::usable() {
  if (impl_->broken || PQstatus(impl_->pg.get()) != CONNECTION_OK) return false;
  // Bytes while nothing is under way: usually the server's farewell.
  pollfd fd{PQsocket(impl_->pg.get()), POLLIN, 0};
  while (poll(&fd, 1, 0) > 0) {
    if (PQconsumeInput(impl_->pg.get()) == 0 || PQstatus(impl_->pg.get()) != CONNECTION_OK) {
      impl_->broken = true;
      return false;
    }
  }
  return true;
}

std::string Connection::literal(std::string_view text) const {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted{
      PQescapeLiteral(impl_->pg.get(), text.data(), text.size()), &PQfreemem};
  return quoted ? std::string(quoted.get()) : std::string("''");
}

std::string Connection::identifier(std::string_view name) const {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted{
      PQescapeIdentifier(impl_->pg.get(), name.data(), name.size()), &PQfreemem};
  return quoted ? std::string(quoted.get()) : std::string("\"\"");
}

Result<std::string> Connection::encrypted_password(const std::string& user,
                                                   const std::string& password) const {
  const std::unique_ptr<char, decltype(&PQfreemem)> verifier{
      PQencryptPasswordConn(impl_->pg.get(), password.c_str(), user.c_str(), "scram-sha-256"),
      &PQfreemem};
  if (!verifier) return Error{Fault::retry, "the password could not be encrypted"};
  return std::string(verifier.get());
}

const Complaint& Connection::last_complaint() const { return impl_->complaint; }
const std::string& Connection::place() const { return impl_->place; }
int Connection::server_version() const { return PQserverVersion(impl_->pg.get()); }

}  // namespace cdviz::postgres
