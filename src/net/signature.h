// Signatures of webhooks: an HMAC, in a header, of some headers and the body as it was sent, as
// GitHub (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries), Standard
// Webhooks (https://www.standardwebhooks.com) and many others make them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/binary_text.h"
#include "core/event.h"
#include "core/headers.h"
#include "core/result.h"
#include "net/secret.h"

namespace cdviz::net {

struct SignatureRule {
  std::vector<std::string> keys;  ///< bytes; several while one is being replaced by the next
  HashAlgorithm algorithm = HashAlgorithm::sha256;
  std::string prefix = {};  ///< before the encoded MAC: "sha256=", "v1,"
  BinaryText encoding = BinaryText::hex;
  /// Signed before the body, each followed by the separator. All of them must be there.
  std::vector<std::string> signed_headers = {};
  std::string separator = {};
  /// When not empty: one of signed_headers, which holds the time of signing as seconds or
  /// milliseconds since 1970. Older and newer ones than the tolerance allows are refused.
  std::string timestamp_header = {};
  std::chrono::milliseconds tolerance = std::chrono::minutes(5);
};

/// Safe to call from any thread.
class Signature {
 public:
  /// @returns Fault::stop, with what is wrong with the rule
  static Result<Signature> make(SignatureRule rule);

  /// What can be told before the body is there. @returns why it is refused, for the sender
  std::optional<std::string> check_head(const Headers& headers, WallTime now) const;

  /// The header's value for a sender, made with the first key: the prefix and the encoded MAC.
  /// @param body  the bytes as they will be sent
  /// @returns Fault::stop, naming it, if a signed header is missing
  Result<std::string> sign(const Headers& headers, std::string_view body) const;

  /// @param presented  the header's value: one signature, or several behind each other with spaces
  ///                   or commas between (Standard Webhooks); one that is right is enough
  /// @param body       the bytes as they were sent: before Content-Encoding is undone
  bool verifies(std::string_view presented, const Headers& headers, std::string_view body) const;

 private:
  explicit Signature(SignatureRule rule);
  /// What is signed; nothing if a header is missing, and then `missing` says which.
  std::optional<std::vector<std::string_view>> parts_of(const Headers& headers,
                                                        std::string_view body,
                                                        std::string& missing) const;

  SignatureRule rule_;  ///< its keys are in hmacs_ only
  std::vector<Hmac> hmacs_;
};

}  // namespace cdviz::net
