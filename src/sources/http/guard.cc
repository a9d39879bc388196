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

Guard::Guard(net::Credentials credentials, net::HeaderRules rules, const Services& services)
    : credentials_(std::move(credentials)),
      rules_(std::move(rules)),
      services_(services),
      challenge_(challenge_of(credentials_, rules_)),
      no_credentials_(counter("credentials")),
      wrong_header_(counter("header")),
      wrong_signature_(counter("signature")) {}

std::optional<net::Response> Guard::check_head(const net::RequestHead& head) const {
  if (credentials_.required() && !credentials_.shown_by(head.headers, head.query)) {
    return denied(401, "This webhook wants credentials; these are missing or wrong.", head,
                  no_credentials_);
  }
  if (auto denial = rules_.check_head(head.headers, services_.clock.wall())) {
    return denied(status_of(*denial), denial->detail, head, wrong_header_);
  }
  return std::nullopt;
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
      "signature.",
      {{"component_id", services_.name}, {"reason", reason}});
}

}  // namespace cdviz::sources::http
