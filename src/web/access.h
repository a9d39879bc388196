// Who may see the dashboard: its pages, its API and /status.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/credentials.h"
#include "net/routes.h"

namespace cdviz::web {

struct AccessSettings {
  net::Credentials credentials = {};  ///< bearer tokens, users with passwords
  /// A proxy in front that knows who asks says so in this header; empty: none does.
  std::string proxy_header = {};
  std::vector<std::string> proxy_addresses = {};  ///< from these addresses alone
  /// Names of this server besides those of this machine. A request that names another was led here
  /// by a page of that other (DNS rebinding).
  std::vector<std::string> hosts = {};

  bool is_protected() const { return credentials.required() || !proxy_header.empty(); }
};

/// Decides for each request. Safe to call from any thread.
class Access {
 public:
  Access() = default;
  explicit Access(AccessSettings settings) : settings_(std::move(settings)) {}

  /// Without any protection only requests from this machine are let in, and only when they name it.
  /// With it: those that show what it asks for.
  /// @returns the refusal: 401 with a challenge, or 403; nothing for those who may
  std::optional<net::Response> refusal(const net::RequestHead& head) const;

 private:
  bool names_us(const net::RequestHead& head) const;
  bool comes_from_proxy(const net::RequestHead& head) const;

  AccessSettings settings_;
};

/// True when a request comes from this machine and names it as the host: a page of another site,
/// whose name was made to point here (DNS rebinding), names itself.
bool is_local(const net::RequestHead& head);

/// "127.0.0.1", "::1", "localhost": an address that only this machine reaches.
bool is_loopback(std::string_view host);

}  // namespace cdviz::web
