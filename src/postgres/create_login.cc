#include "postgres/create_login.h"

#include <array>

#include <fmt/format.h>

namespace cdviz::postgres {
namespace {

const char* name_of(Group group) {
  switch (group) {
    case Group::ingest:
      return "cdviz_ingest";
    case Group::reader:
      return "cdviz_reader";
    case Group::reader_raw:
      return "cdviz_reader_raw";
  }
  return "";
}

}  // namespace

Result<void> create_login(Connection& connection, const NewLogin& login, std::stop_token stop) {
  const std::array name{Parameter::text(login.name)};
  const auto found = connection.execute(
      "select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls "
      "from pg_roles where rolname = $1",
      name, stop);
  if (!found) return found.error();
  const bool exists = found.value().size() > 0;
  if (exists && found.value().boolean(0, 0)) {
    return Error{Fault::stop,
                 fmt::format("role \"{}\" is an administrator: choose another name for the login",
                             login.name),
                 "role"};
  }
  const bool reads = login.group != Group::ingest;
  const std::string role = connection.identifier(login.name);
  std::string sql = fmt::format("begin; {} role {} login connection limit {}",
                                exists ? "alter" : "create", role, login.connections_max);
  if (!login.password.empty()) {
    const auto verifier = connection.encrypted_password(login.name, login.password);
    if (!verifier) return verifier.error();
    sql += " password " + connection.literal(verifier.value());
  }
  sql += fmt::format("; grant {} to {}; ", name_of(login.group), role);
  sql += fmt::format(
      "alter role {0} set statement_timeout = {3}; "
      "alter role {0} set idle_in_transaction_session_timeout = '60s'; "
      // Compiling the statements of the public views takes longer than running them.
      "alter role {0} set jit = off; "
      "alter role {0} set search_path = {1}; "
      "alter role {0} set default_transaction_read_only = {2}; commit",
      role, reads ? "cdviz" : "pg_catalog", reads ? "on" : "off", login.statement_timeout.count());
  if (const auto done = connection.execute(sql, stop); !done) {
    if (connection.usable()) static_cast<void>(connection.execute("rollback"));
    return done.error();
  }
  return {};
}

}  // namespace cdviz::postgres
