#include "nats/options.h"

#include <charconv>
#include <string>
#include <vector>

namespace cdviz::nats {
namespace {

/// What is wrong with the address of a server; never repeats it, as it may hold a password.
std::optional<std::string_view> fault_of_server(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    const std::string_view name = url.substr(0, scheme);
    if (name != "nats" && name != "tls") {
      return "has a scheme that is neither nats:// nor tls://";
    }
    url.remove_prefix(scheme + 3);
  }
  if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  if (url.empty()) return "holds an empty address";
  if (url.find_first_of("/?# \t") != std::string_view::npos) {
    return "holds more than host and port";
  }
  const auto colon = url.rfind(':');
  const bool bare_ipv6 = url.ends_with(']');
  if (colon == std::string_view::npos || bare_ipv6) return std::nullopt;
  const std::string_view port = url.substr(colon + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) {
    return "holds a port that is not a number from 1 to 65535";
  }
  if (colon == 0) return "holds an address without a host";
  return std::nullopt;
}

void read_login(const config::Options& options, Settings& settings) {
  const bool user = options.given("user") || options.given("password");
  if (user && (!options.given("user") || !options.given("password"))) {
    options.problem(options.given("user") ? "user" : "password",
                    "user and password are given together");
  }
  const int ways = static_cast<int>(user) + static_cast<int>(options.given("token")) +
                   static_cast<int>(options.given("credentials")) +
                   static_cast<int>(options.given("nkey_seed"));
  if (ways > 1) {
    options.problem("",
                    "give one way to log in: user and password, token, credentials or "
                    "nkey_seed");
  }
  settings.user = options.text("user");
  settings.password = options.text("password");
  settings.token = options.text("token");
  if (options.given("credentials")) {
    settings.credentials = read_credentials(options.text("credentials"));
    if (!settings.credentials) {
      options.problem("credentials",
                      "is not a file of credentials: it must hold a JWT and the seed of a user");
    }
  }
  if (options.given("nkey_seed")) {
    const std::string seed = options.text("nkey_seed");
    settings.credentials = Credentials{{}, seed};
    if (!public_key_of(seed)) {
      options.problem("nkey_seed", "is not the seed of a user's nkey (SU…)");
    }
  }
}

void read_tls(const config::Options& options, Settings& settings) {
  const auto tls = options.table("tls");
  settings.tls = options.given("tls");
  for (const auto& server : settings.servers) settings.tls |= server.starts_with("tls://");
  settings.tls_ca = tls.text("ca");
  settings.tls_certificate = tls.text("certificate");
  settings.tls_key = tls.text("key");
  if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
    tls.problem(settings.tls_key.empty() ? "certificate" : "key",
                "certificate and key are given together");
  }
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> list;
  for (;;) {
    const auto comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    list.emplace_back(one);
    if (comma == std::string_view::npos) return list;
    text.remove_prefix(comma + 1);
  }
}

std::optional<Settings> read_settings(const config::Options& options, std::string_view name) {
  Settings settings{.servers = {}, .name = "cdviz-collector " + std::string(name)};
  if (options.given("servers")) {
    settings.servers = split_list(options.text("servers"));
    for (const auto& server : settings.servers) {
      if (const auto fault = fault_of_server(server)) {
        options.problem("servers", *fault);
        break;
      }
    }
  }
  read_login(options, settings);
  read_tls(options, settings);
  if (!options.text("jetstream_domain").empty() &&
      options.text("jetstream_domain").find_first_of(" .*>$") != std::string::npos) {
    options.problem("jetstream_domain", "must be one token of a subject");
  }
  settings.connect_timeout = options.duration("connect_timeout");
  if (settings.servers.empty() || options.has_problems()) return std::nullopt;
  return settings;
}

}  // namespace cdviz::nats
