// What a registry says when it does not let us in: WWW-Authenticate (RFC 9110 §11.6.1), of which
// the schemes Basic and Bearer are understood
// (https://distribution.github.io/distribution/spec/auth/token/).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cdviz::sources::oci {

enum class Scheme : std::uint8_t { basic, bearer };

struct Challenge {
  Scheme scheme = Scheme::basic;
  std::string realm = {};  ///< Bearer: where tokens are given out
  std::string service = {};
  std::string scope = {};  ///< "repository:library/app:pull"
  std::string error = {};  ///< "insufficient_scope": who we are is known, and does not suffice
};

/// The first challenge of a scheme that is known, Bearer before Basic.
/// @param header  one WWW-Authenticate; may hold several challenges
std::optional<Challenge> parse_challenge(std::string_view header);

/// Whether `token` may stand in an Authorization header (RFC 6750 §2.1, b64token).
bool is_token(std::string_view token);

}  // namespace cdviz::sources::oci
