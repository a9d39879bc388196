// Logins: their connection URLs, and making those that `up` needs in its private server.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cdviz::postgres {

/// Who connects, and to which database.
struct Login {
  std::string user;
  std::string password;
  std::string database;
};

/// Connection URLs (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING).
/// They hold the password.
std::string url_over_tcp(const Login& login, std::string_view host, int port);
std::string url_over_socket(const Login& login, const std::filesystem::path& directory, int port);

/// A login role as it must be.
struct LoginRole {
  std::string name;
  std::string password;
  std::string member_of;  ///< a group role that exists
  std::vector<std::string>
      settings;  ///< "statement_timeout = '30s'"; they are not inherited from group roles
  int connections_max = 20;
};

/// Makes the database `name` if it is missing.
/// @param url  a superuser's, to another database
Result<void> ensure_database(const std::string& url, const std::string& name);

/// Makes the roles, or makes them again as they must be: passwords included.
/// @param url  a superuser's
Result<void> ensure_logins(const std::string& url, std::span<const LoginRole> roles);

}  // namespace cdviz::postgres
