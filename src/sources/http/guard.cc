#include "sources/http/guard.h"

#include <utility>

#include "telemetry/log.h"

namespace cdviz::sources::http {
namespace {

/// RFC 9110 §11.6.1 wants a challenge with every 401. Signatures have no registered scheme; this
/// one names what is asked for.
std::string challenge_of(const net::Credentials& credentials, const net::HeaderRules& rules) {
  if (credentials.required()) return credentials.challenge();
  return rules.has_signatures() ? "Signature realm=\"webhook\"" : "Header realm=\"webhook\"";
}

int status_of(const net::Denial& denial) {
  return denial.kind == net::Denial::Kind::forbidden ? 403 : 401;
}

}  // namespace

Guard::Guard(net::Credentials credentials, net::HeaderRules rules, Agreement agreement,
             const Services& services)
    : credentials_(std::move(credentials)),
      rules_(std::move(rules)),
      agreement_(std::move(agreement)),
      rate_limit_(agreement_.allowed_rate ? std::make_unique<RateLimit>(*agreement_.allowed_rate)
                                          : nullptr),
      services_(services),
      challenge_(challenge_of(credentials_, rules_)),
      no_credentials_(counter("credentials")),
      wrong_header_(counter("header")),
      wrong_signature_(counter("signature")),
      wrong_origin_(counter("origin")),
      too_often_(counter("rate")) {}

std::optional<net::Response> Guard::check_head(const net::RequestHead& head) const {
  if (credentials_.required() && !credentials_.shown_by(head.headers, head.query)) {
    return denied(401, "This webhook wants credentials; these are missing or wrong.", head,
                  no_credentials_);
  }
  if (auto denial = rules_.check_head(head.headers, services_.clock.wall())) {
    return denied(status_of(*denial), denial->detail, head, wrong_header_);
  }
  return check_agreement(head);
}

std::optional<net::Response> Guard::check_agreement(const net::RequestHead& head) const {
  if (!agreement_.allows_sender(head.headers)) {
    return denied(403, "This webhook does not take events from that origin (allowed_origins).",
                  head, wrong_origin_);
  }
  if (rate_limit_ == nullptr) return std::nullopt;
  const auto retry_after = rate_limit_->take(services_.clock.now());
  if (!retry_after) return std::nullopt;
  too_often_.Increment();  // not logged: it would be a line for each request of a flood
  auto response = net::problem(429, "Too many requests",
                               "More requests a minute than this webhook takes (allowed_rate): "
                               "send several events in one request, or later.");
  response.headers.add("Retry-After", std::to_string(retry_after->count()));
  return response;
}

std::optional<net::Response> Guard::check_body(const net::Request& request) const {
  if (auto denial = rules_.check_body(request.headers, request.body)) {
    return denied(status_of(*denial), denial->detail, request, wrong_signature_);
  }
  return std::nullopt;
}

net::Response Guard::denied(int status, std::string_view detail, const net::RequestHead& head,
                            telemetry::Counter& counter) const {
  counter.Increment();
  services_.log.warn(services_.name, "request denied",
                     {{"status", status}, {"detail", detail}, {"remote", head.remote_address}});
  auto response = net::problem(status, status == 401 ? "Unauthorized" : "Forbidden", detail);
  if (status == 401) response.headers.add("WWW-Authenticate", challenge_);
  return response;
}

telemetry::Counter& Guard::counter(const char* reason) const {
  return services_.metrics.counter(
      "cdviz_denied_requests_total",
      "Requests turned away before their body was parsed: no credentials, a wrong header, a wrong "
      "signature or origin, too many.",
      {{"component_id", services_.name}, {"reason", reason}});
}

}  // namespace cdviz::sources::http
