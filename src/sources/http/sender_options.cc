#include "sources/http/sender_options.h"

#include <string>

namespace cdviz::sources::http {

std::optional<net::Credentials> read_credentials(const config::Options& options) {
  net::Credentials credentials;
  const auto tokens = options.text_list("bearer_tokens");
  if (options.given("bearer_tokens") && tokens.empty()) {
    options.problem("bearer_tokens", "is empty: give a token, or remove the key to let anybody in");
    return std::nullopt;
  }
  for (const auto& token : tokens) {
    if (token.empty()) return std::nullopt;  // told by the configuration
    credentials.allow_bearer(token);
  }
  if (!options.given("basic_auth")) return credentials;
  const auto basic = options.table("basic_auth");
  const std::string user = basic.text("user");
  const std::string password = basic.text("password");
  if (user.find(':') != std::string::npos) basic.problem("user", "must not hold a colon");
  if (user.empty() && basic.given("user")) basic.problem("user", "must not be empty");
  if (user.empty() || password.empty()) return std::nullopt;
  credentials.allow_basic(user, password);
  return credentials;
}

}  // namespace cdviz::sources::http
