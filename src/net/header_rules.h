// Rules for the headers of a request or message: all of them must hold before its body is looked
// into.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/event.h"
#include "core/headers.h"
#include "core/result.h"
#include "net/signature.h"

namespace cdviz::net {

/// The header is there and not empty.
struct ExistsRule {};

/// The header is exactly prefix + value + suffix.
struct EqualsRule {
  std::string value;  ///< may be a secret: compared in constant time
  bool case_sensitive = true;
  std::string prefix = {};
  std::string suffix = {};
};

/// The pattern (https://github.com/google/re2/wiki/Syntax) is found anywhere in the header.
struct MatchesRule {
  std::string pattern;
};

struct HeaderRule {
  std::string header;
  std::variant<ExistsRule, EqualsRule, MatchesRule, SignatureRule> check;
};

/// Why a sender is turned away.
struct Denial {
  enum class Kind : std::uint8_t {
    unauthenticated,  ///< does not show who it is: HTTP 401
    forbidden,        ///< is somebody who may not: HTTP 403
  };
  Kind kind = Kind::unauthenticated;
  std::string detail;  ///< for the sender: no secret, nothing of what was expected
};

/// Rules, compiled once. Safe to call from any thread.
class HeaderRules {
 public:
  HeaderRules();  ///< no rules: everybody may
  ~HeaderRules();
  HeaderRules(HeaderRules&&) noexcept;
  HeaderRules& operator=(HeaderRules&&) noexcept;

  /// Adds a rule. @returns Fault::stop, with what is wrong with it
  Result<void> add(HeaderRule rule);

  bool has_signatures() const;

  /// All that can be told without the body; rules in the order they were added.
  std::optional<Denial> check_head(const Headers& headers, WallTime now) const;
  /// The signatures. @param body  the bytes as they were sent
  std::optional<Denial> check_body(const Headers& headers, std::string_view body) const;

 private:
  struct Compiled;
  std::vector<std::unique_ptr<const Compiled>> rules_;
};

}  // namespace cdviz::net
