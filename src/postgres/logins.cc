#include "postgres/logins.h"

#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace cdviz::postgres {
namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string percent_encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    result += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

std::string credentials(const Login& login) {
  return fmt::format("{}:{}", percent_encoded(login.user), percent_encoded(login.password));
}

Result<Connection> connect(const std::string& url) {
  Connection connection(PQconnectdb(url.c_str()), &PQfinish);
  // "is already a member" is no news, and standard error is not ours to write to.
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  if (PQstatus(connection.get()) == CONNECTION_OK) return connection;
  return Error{Fault::retry, fmt::format("cannot connect to the private PostgreSQL: {}",
                                         PQerrorMessage(connection.get()))};
}

/// @returns the number of rows
Result<int> execute(const Connection& connection, const std::string& sql) {
  const Answer answer(PQexec(connection.get(), sql.c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return PQntuples(answer.get());
  // Without the statement: it may hold a password.
  return Error{Fault::stop, fmt::format("cannot prepare the private PostgreSQL: {}",
                                        PQresultErrorMessage(answer.get()))};
}

std::string quoted(const Connection& connection, const std::string& text, bool identifier) {
  auto* escape = identifier ? &PQescapeIdentifier : &PQescapeLiteral;
  const std::unique_ptr<char, decltype(&PQfreemem)> result(
      escape(connection.get(), text.data(), text.size()), &PQfreemem);
  return result ? result.get() : "";
}

Result<void> ensure_login(const Connection& connection, const LoginRole& role) {
  const std::string name = quoted(connection, role.name, true);
  auto found = execute(connection, fmt::format("select from pg_roles where rolname = {}",
                                               quoted(connection, role.name, false)));
  if (!found) return found.error();
  std::string sql = *found == 0 ? fmt::format("create role {};", name) : "";
  sql += fmt::format("alter role {} login password {} connection limit {}; grant {} to {};", name,
                     quoted(connection, role.password, false), role.connections_max,
                     quoted(connection, role.member_of, true), name);
  for (const std::string& setting : role.settings)
    sql += fmt::format("alter role {} set {};", name, setting);
  auto done = execute(connection, sql);
  if (!done) return done.error();
  return {};
}

}  // namespace

std::string url_over_tcp(const Login& login, std::string_view host, int port) {
  return fmt::format("postgresql://{}@{}:{}/{}?sslmode=disable", credentials(login), host, port,
                     percent_encoded(login.database));
}

std::string url_over_socket(const Login& login, const std::filesystem::path& directory, int port) {
  return fmt::format("postgresql://{}@/{}?host={}&port={}", credentials(login),
                     percent_encoded(login.database), percent_encoded(directory.string()), port);
}

Result<void> ensure_database(const std::string& url, const std::string& name) {
  auto connection = connect(url);
  if (!connection) return connection.error();
  auto found = execute(*connection, fmt::format("select from pg_database where datname = {}",
                                                quoted(*connection, name, false)));
  if (!found) return found.error();
  if (*found > 0) return {};
  auto made =
      execute(*connection, fmt::format("create database {}", quoted(*connection, name, true)));
  if (!made) return made.error();
  return {};
}

Result<void> ensure_logins(const std::string& url, std::span<const LoginRole> roles) {
  auto connection = connect(url);
  if (!connection) return connection.error();
  for (const LoginRole& role : roles) {
    if (auto made = ensure_login(*connection, role); !made) return made.error();
  }
  return {};
}

}  // namespace cdviz::postgres
