// Bearer tokens for the brokers (SASL OAUTHBEARER, RFC 7628), from an OAuth 2.0 server: the client
// credentials grant of RFC 6749 §4.4. Debian's librdkafka is built without one of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/event.h"
#include "core/result.h"
#include "net/http_client.h"

namespace cdviz::kafka {

struct TokenRequest {
  std::string endpoint;
  std::string client_id;
  std::string client_secret;
  std::string scope = {};
  /// For the brokers, beside the token: (key, value), keys of letters only.
  std::vector<std::pair<std::string, std::string>> extensions = {};
};

struct Token {
  std::string value;
  WallTime expires;
};

/// What the server's answer says (RFC 6749 §5.1). A token without expires_in is taken for good for
/// five minutes.
/// @returns Fault::stop when it refuses us; Fault::retry when it is busy or its answer makes no
/// sense. No message holds anything of the answer but its error code
Result<Token> token_in(const net::HttpReply& reply, WallTime now);

/// Asks for a token; at most about 10 s. Safe to call from any thread.
/// @param cancelled  makes it give up within a second or so
Result<Token> fetch_token(const TokenRequest& request, const std::atomic<bool>& cancelled);

/// "key=value,key=value" as it is written in the options. @returns Fault::stop for what is not so
Result<std::vector<std::pair<std::string, std::string>>> parse_extensions(std::string_view text);

}  // namespace cdviz::kafka
