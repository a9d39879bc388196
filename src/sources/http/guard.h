// Who may send, and how often: credentials, header rules and the agreement of the handshake as
// answers of HTTP, counted and logged.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/component.h"
#include "net/credentials.h"
#include "net/header_rules.h"
#include "net/routes.h"
#include "sources/http/agreement.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::http {

/// Safe to call from any thread.
class Guard {
 public:
  Guard(net::Credentials credentials, net::HeaderRules rules, Agreement agreement,
        const Services& services);

  /// Before the body is read. @returns 401, 403 or 429, or nothing: come in
  std::optional<net::Response> check_head(const net::RequestHead& head) const;
  /// The signatures, over the body as it was sent. @returns 401, or nothing
  std::optional<net::Response> check_body(const net::Request& request) const;

 private:
  std::optional<net::Response> check_agreement(const net::RequestHead& head) const;
  net::Response denied(int status, std::string_view detail, const net::RequestHead& head,
                       telemetry::Counter& counter) const;
  telemetry::Counter& counter(const char* reason) const;

  net::Credentials credentials_;
  net::HeaderRules rules_;
  Agreement agreement_;
  std::unique_ptr<RateLimit> rate_limit_;  ///< null: no limit
  Services services_;
  std::string challenge_;
  telemetry::Counter& no_credentials_;
  telemetry::Counter& wrong_header_;
  telemetry::Counter& wrong_signature_;
  telemetry::Counter& wrong_origin_;
  telemetry::Counter& too_often_;
};

}  // namespace cdviz::sources::http
