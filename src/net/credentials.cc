#include "net/credentials.h"

#include "core/binary_text.h"
#include "net/uri.h"

namespace cdviz::net {
namespace {

/// Looks at every one, so that the time does not tell which it was.
bool is_one_of(const std::vector<Secret>& secrets, std::string_view presented) {
  bool found = false;
  for (const auto& secret : secrets) found |= secret.is(presented);
  return found;
}

}  // namespace

void Credentials::allow_bearer(std::string_view token) { tokens_.emplace_back(token); }

void Credentials::allow_basic(std::string_view user, std::string_view password) {
  users_.emplace_back(std::string(user) + ':' + std::string(password));
}

bool Credentials::shown_by(const Headers& headers, std::string_view query) const {
  if (const auto header = headers.find("Authorization")) {
    const auto space = header->find(' ');
    const std::string_view scheme = header->substr(0, space);
    std::string_view value = space == std::string_view::npos ? "" : header->substr(space);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    if (equal_ignoring_case(scheme, "Bearer") && is_one_of(tokens_, value)) return true;
    if (equal_ignoring_case(scheme, "Basic")) {
      const auto decoded = decode_text(BinaryText::base64, value);
      if (decoded && is_one_of(users_, *decoded)) return true;
    }
  }
  if (tokens_.empty() || query.empty()) return false;
  const auto token = query_parameter(query, "access_token");
  return token && is_one_of(tokens_, *token);
}

std::string Credentials::challenge(std::string_view realm) const {
  std::string text;
  const std::string quoted = '"' + std::string(realm) + '"';
  if (!tokens_.empty()) text = "Bearer realm=" + quoted;
  if (!users_.empty()) {
    if (!text.empty()) text += ", ";
    text += "Basic realm=" + quoted + ", charset=\"UTF-8\"";
  }
  return text;
}

}  // namespace cdviz::net
