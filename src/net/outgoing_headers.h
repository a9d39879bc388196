// The headers that a sink adds to what it sends: fixed ones, secrets, and signatures of the
// message, made as header rules (net/header_rules.h) check them. For HTTP, Kafka and NATS alike.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event.h"
#include "core/headers.h"
#include "core/result.h"
#include "net/signature.h"

namespace cdviz::net {

/// Safe to call from any thread once it is set up.
class OutgoingHeaders {
 public:
  /// A header that is the same on every message. @param is_secret  see tells_secret()
  /// @returns Fault::stop, with what is wrong, if nobody could send it or the sender itself decides
  /// about it (Content-Length, Host, …)
  Result<void> add(std::string name, std::string value, bool is_secret = false);

  /// A header with a signature. Its timestamp_header, if there is one, is added with the time of
  /// signing, in seconds.
  Result<void> add(std::string name, SignatureRule rule);

  /// Looks at all of them together. @returns Fault::stop if a signature signs another one, whose
  /// value is not known then
  Result<void> check() const;

  bool empty() const { return fixed_.empty() && signatures_.empty(); }

  /// Sets all of them, replacing what has the same name: the fixed ones, then the signatures, which
  /// may sign the former and what was there before. The result depends on nothing but the
  /// arguments.
  /// @param headers  what else is sent
  /// @param body     the bytes as they are sent
  /// @returns Fault::stop, naming it, when a header that is to be signed is not there
  Result<void> apply(Headers& headers, std::string_view body, WallTime now) const;

  /// Whether `text` holds the value of a secret header: such a text must not be shown.
  bool tells_secret(std::string_view text) const;

 private:
  struct Signer {
    std::string name;
    std::string timestamp_header;
    std::vector<std::string> signed_headers;
    Signature signature;
  };
  std::vector<std::pair<std::string, std::string>> fixed_;
  std::vector<std::string> secrets_;
  std::vector<Signer> signatures_;
};

}  // namespace cdviz::net
