// Who may send, by the Authorization header (RFC 6750 bearer tokens, RFC 7617 basic) or by the
// access_token parameter of the query that CloudEvents' web hooks allow.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/headers.h"
#include "net/secret.h"

namespace cdviz::net {

/// Safe to call from any thread once it is set up.
class Credentials {
 public:
  /// @param token  not empty
  void allow_bearer(std::string_view token);
  /// @param user  without a colon  @param password  not empty
  void allow_basic(std::string_view user, std::string_view password);

  /// False: nothing was set up, everybody may.
  bool required() const { return !tokens_.empty() || !users_.empty(); }

  /// True if any one of them is shown.
  /// @param query  of the target, as it came
  bool shown_by(const Headers& headers, std::string_view query) const;

  /// For WWW-Authenticate; empty if nothing is required.
  /// @param realm  what the user is asked for, without quotes
  std::string challenge(std::string_view realm = "webhook") const;

 private:
  std::vector<Secret> tokens_;
  std::vector<Secret> users_;  ///< "user:password"
};

}  // namespace cdviz::net
