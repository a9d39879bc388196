#include "aws/machine_credentials.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "aws/profile.h"
#include "aws/time.h"
#include "net/http_fetcher.h"

namespace cdviz::aws {
namespace {

constexpr std::string_view kTokenSeconds = "21600";

net::HttpFetcher fetcher(std::chrono::milliseconds connect_timeout) {
  return net::HttpFetcher({.connect_timeout = connect_timeout,
                           .timeout = connect_timeout * 2,
                           .body_bytes_max = std::size_t{64} << 10,
                           .proxy = false});
}

Result<Credentials> read_document(const std::string& body, std::string_view from) {
  boost::system::error_code failed;
  const auto value = boost::json::parse(body, failed);
  const auto text = [&](std::string_view name) {
    const auto* found = value.as_object().if_contains(name);
    return found != nullptr && found->is_string()
               ? std::string(std::string_view(found->as_string()))
               : std::string();
  };
  if (!failed && value.is_object()) {
    Credentials credentials{.access_key_id = text("AccessKeyId"),
                            .secret_access_key = text("SecretAccessKey"),
                            .session_token = text("Token"),
                            .expires_at = parse_time(text("Expiration"))};
    if (!credentials.access_key_id.empty() && !credentials.secret_access_key.empty()) {
      return credentials;
    }
  }
  return Error{Fault::retry, fmt::format("{} answers without credentials", from)};
}

/// Only these may be asked without TLS: this machine, and where ECS and EKS have theirs.
bool may_be_plain(std::string_view url) {
  constexpr std::array<std::string_view, 7> kHosts = {
      "http://127.",          "http://localhost",      "http://[::1]",
      "http://169.254.170.2", "http://169.254.170.23", "http://[fd00:ec2::23]",
      "http://[FD00:EC2::23]"};
  return std::any_of(kHosts.begin(), kHosts.end(), [&](std::string_view host) {
    if (!url.starts_with(host)) return false;
    if (host.ends_with('.')) return url.find('@') == std::string_view::npos;
    const auto after = url.substr(host.size());
    return after.empty() || after[0] == '/' || after[0] == ':' || after[0] == '?';
  });
}

}  // namespace

Result<std::optional<Credentials>> container_credentials(const Environment& environment,
                                                         const std::stop_token& stop) {
  std::string url = variable(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const std::string relative = variable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) url = "http://169.254.170.2" + relative;
  if (url.empty()) return std::optional<Credentials>();
  if (!url.starts_with("https://") && !may_be_plain(url)) {
    return Error{Fault::stop,
                 "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or on this machine: a token is "
                 "sent there"};
  }
  net::HttpFetch fetch{.url = std::move(url)};
  std::string token = variable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = variable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
      !file.empty()) {
    auto read = read_small_file(file);  // anew each time: it is rotated
    if (!read) return read.error();
    token = std::move(*read);
  }
  if (token.find_first_of("\r\n") != std::string::npos) {
    return Error{Fault::stop, "the container's authorization token holds a line end"};
  }
  if (!token.empty()) fetch.headers.add("Authorization", token);
  auto fetched = fetcher(std::chrono::seconds(2)).send(fetch, stop);
  if (!fetched) {
    return Error{Fault::retry, "the container's credentials: " + fetched.error().message,
                 "credentials"};
  }
  if (fetched->status != 200) {
    return Error{Fault::retry,
                 fmt::format("the container's credentials: answered {}", fetched->status),
                 "credentials"};
  }
  auto credentials = read_document(fetched->body, "the container's credentials endpoint");
  if (!credentials) return credentials.error();
  return std::optional(std::move(*credentials));
}

Result<std::optional<Credentials>> instance_credentials(const Environment& environment,
                                                        const std::stop_token& stop) {
  if (variable(environment, "AWS_EC2_METADATA_DISABLED") == "true") {
    return std::optional<Credentials>();
  }
  std::string endpoint = variable(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (endpoint.empty()) {
    const bool v6 = variable(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") == "IPv6";
    endpoint = v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  while (endpoint.ends_with('/')) endpoint.pop_back();
  auto http = fetcher(std::chrono::seconds(1));
  net::HttpFetch for_token{.method = "PUT", .url = endpoint + "/latest/api/token"};
  for_token.headers.add("X-aws-ec2-metadata-token-ttl-seconds", std::string(kTokenSeconds));
  const auto token = http.send(for_token, stop);
  if (!token || token->status != 200 || token->body.find_first_of("\r\n") != std::string::npos) {
    return std::optional<Credentials>();  // no instance, or not allowed to
  }
  constexpr std::string_view kPlace = "/latest/meta-data/iam/security-credentials/";
  net::HttpFetch fetch{.url = fmt::format("{}{}", endpoint, kPlace)};
  fetch.headers.add("X-aws-ec2-metadata-token", token->body);
  const auto roles = http.send(fetch, stop);
  if (!roles) return Error{Fault::retry, "instance metadata: " + roles.error().message};
  if (roles->status == 404) return std::optional<Credentials>();
  if (roles->status != 200) {
    return Error{Fault::retry, fmt::format("instance metadata: answered {}", roles->status)};
  }
  const auto role = roles->body.substr(0, roles->body.find_first_of("\r\n "));
  if (role.empty()) return std::optional<Credentials>();
  fetch.url += role;
  const auto document = http.send(fetch, stop);
  if (!document) return Error{Fault::retry, "instance metadata: " + document.error().message};
  if (document->status != 200) {
    return Error{Fault::retry, fmt::format("instance metadata: answered {}", document->status)};
  }
  auto credentials = read_document(document->body, "instance metadata");
  if (!credentials) return credentials.error();
  return std::optional(std::move(*credentials));
}

}  // namespace cdviz::aws
