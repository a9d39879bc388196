// Logins and their connection URLs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

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

}  // namespace cdviz::postgres
