#include "web/access.h"

#include <algorithm>

namespace cdviz::web {
namespace {

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.rfind(':'));
}

/// "::1" for "[::1]".
std::string_view without_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

std::string_view host_of(const net::RequestHead& head) {
  return without_port(head.headers.find("Host").value_or(""));
}

bool is_one_of(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const auto& each) { return equal_ignoring_case(each, name); });
}

}  // namespace

bool is_loopback(std::string_view host) {
  const auto digits_and_dots = [](std::string_view text) {
    return text.find_first_not_of("0123456789.") == std::string_view::npos;
  };
  host = without_brackets(host);
  return equal_ignoring_case(host, "localhost") || host == "::1" ||
         (host.starts_with("127.") && digits_and_dots(host));
}

bool is_local(const net::RequestHead& head) {
  return is_loopback(without_port(head.remote_address)) && is_loopback(host_of(head));
}

bool Access::names_us(const net::RequestHead& head) const {
  const auto host = host_of(head);
  return is_loopback(host) || is_one_of(settings_.hosts, host) ||
         is_one_of(settings_.hosts, without_brackets(host));
}

bool Access::comes_from_proxy(const net::RequestHead& head) const {
  if (settings_.proxy_header.empty()) return false;
  if (head.headers.find(settings_.proxy_header).value_or("").empty()) return false;
  return is_one_of(settings_.proxy_addresses, without_brackets(without_port(head.remote_address)));
}

std::optional<net::Response> Access::refusal(const net::RequestHead& head) const {
  if (!settings_.is_protected()) {
    if (is_local(head)) return std::nullopt;
    return net::problem(403, "Only for this machine",
                        "The dashboard is shown to requests from this machine, addressed to "
                        "localhost or 127.0.0.1. From elsewhere: ssh -L 8080:127.0.0.1:8080 HOST, "
                        "or [dashboard] users, tokens or proxy.");
  }
  // A page of another site could send the proxy's header too, if its name led to the proxy's place.
  if (comes_from_proxy(head)) {
    if (names_us(head)) return std::nullopt;
    return net::problem(403, "Not the name of this server",
                        "The Host of the request is neither this machine nor one of [dashboard] "
                        "hosts, nor that of [http] root_url.");
  }
  if (settings_.credentials.shown_by(head.headers, head.query)) return std::nullopt;
  auto refused = net::problem(401, "Who are you?",
                              "The dashboard needs a user with a password, a bearer token, or to "
                              "be asked through its proxy.");
  if (const auto challenge = settings_.credentials.challenge("cdviz"); !challenge.empty())
    refused.headers.add("WWW-Authenticate", challenge);
  refused.headers.add("Cache-Control", "no-store");
  return refused;
}

}  // namespace cdviz::web
