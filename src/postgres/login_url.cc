#include "postgres/login_url.h"

#include <fmt/format.h>

#include "core/percent.h"

namespace cdviz::postgres {
namespace {

std::string credentials(const Login& login) {
  return fmt::format("{}:{}", percent_encoded(login.user), percent_encoded(login.password));
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

}  // namespace cdviz::postgres
