#include "sources/oci/registry_client.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "activity/sha256.h"
#include "core/binary_text.h"
#include "core/percent.h"
#include "net/http_pool.h"
#include "net/retry_after.h"
#include "sources/oci/challenge.h"
#include "sources/oci/image_list.h"
#include "sources/oci/link.h"

namespace cdviz::sources::oci {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPageBytesMax = std::size_t{4} << 20;  // of a page, and of a manifest
constexpr std::size_t kPagesMax = 100'000;
/// Whom Basic lets in, it lets in everywhere.
const std::string kEverything = "*";

/// Of images and of lists of them; a registry gives another form of the manifest, with another
/// digest, to those who do not name the one that it has.
constexpr std::string_view kManifestTypes =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.artifact.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v1+prettyjws, application/json";

Error denied(std::string message) { return {Fault::reject, std::move(message), "denied"}; }

bool is_worth_another_try(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

std::string without_trailing_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

RegistryClient::RegistryClient(RegistrySettings settings, const Clock& clock, Tokens& tokens)
    : settings_(std::move(settings)),
      origin_(without_trailing_slash(settings_.url)),
      clock_(clock),
      tokens_(tokens),
      fetcher_({.timeout = settings_.timeout,
                .ca_file = settings_.ca_file,
                .body_bytes_max = kPageBytesMax}) {}

Result<void> RegistryClient::reach(const std::stop_token& stop) {
  const auto answer = ask("GET", "/v2/", "", stop);
  if (!answer) return answer.error();
  if (answer->status == 404) {
    return Error{Fault::stop, origin_ + " is no registry: there is no /v2/", "http_404"};
  }
  return {};
}

Result<std::vector<std::string>> RegistryClient::catalog(const std::stop_token& stop) {
  auto names = list(fmt::format("/v2/_catalog?n={}", settings_.page), "repositories", "", stop);
  if (!names) return names.error();
  if (!*names) return denied(origin_ + " does not tell its repositories: name them");
  return std::move(**names);
}

Result<std::vector<std::string>> RegistryClient::tags(const std::string& repository,
                                                      const std::stop_token& stop) {
  auto names = list(fmt::format("/v2/{}/tags/list?n={}", repository, settings_.page), "tags",
                    repository, stop);
  if (!names) return names.error();
  return *names ? std::move(**names) : std::vector<std::string>{};
}

Result<std::optional<std::vector<std::string>>> RegistryClient::list(std::string target,
                                                                     std::string_view member,
                                                                     const std::string& purpose,
                                                                     const std::stop_token& stop) {
  std::vector<std::string> all;
  std::set<std::string> pages;  // a listing that leads back to itself would never end
  for (;;) {
    if (pages.size() >= kPagesMax || !pages.insert(target).second) {
      return Error{Fault::retry, "the pages of the listing do not end", "listing"};
    }
    const auto answer = ask("GET", target, purpose, stop);
    if (!answer) return answer.error();
    if (answer->status == 404) {
      if (pages.size() == 1) return std::optional<std::vector<std::string>>{};
      return Error{Fault::retry, "the listing broke off", "listing"};
    }
    if (answer->cut) return Error{Fault::retry, "a page of the listing is too long", "listing"};
    auto names = names_of(answer->body, member);
    if (!names) return names.error();
    std::move(names->begin(), names->end(), std::back_inserter(all));
    if (all.size() > kNamesMax) {
      return Error{Fault::retry, fmt::format("the listing has more than {} names", kNamesMax),
                   "listing"};
    }
    const auto link = answer->headers.find("Link");
    if (!link) break;
    auto next = next_page(*link, origin_);
    if (!next) return next.error();
    if (!*next) break;
    target = std::move(**next);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return std::optional(std::move(all));
}

Result<std::optional<Manifest>> RegistryClient::manifest(const std::string& repository,
                                                         const std::string& reference,
                                                         const std::stop_token& stop) {
  const std::string target = fmt::format("/v2/{}/manifests/{}", repository, reference);
  const auto head = ask("HEAD", target, repository, stop);
  if (!head) return head.error();
  if (head->status == 404) return std::optional<Manifest>{};
  const auto type_of = [](const net::HttpFetched& answer) {
    return std::string(answer.headers.find("Content-Type").value_or(""));
  };
  const auto digest = head->headers.find("Docker-Content-Digest");
  if (digest && is_digest(*digest)) {
    return std::optional(Manifest{.digest = std::string(*digest), .media_type = type_of(*head)});
  }
  // The header is a SHOULD of the specification: without it, the manifest has to be read.
  const auto whole = ask("GET", target, repository, stop);
  if (!whole) return whole.error();
  if (whole->status == 404) return std::optional<Manifest>{};
  if (whole->cut) return Error{Fault::retry, "the manifest is longer than 4 MiB", "manifest"};
  activity::Sha256 sha;
  sha.add(whole->body);
  return std::optional(Manifest{.digest = "sha256:" + sha.finish(), .media_type = type_of(*whole)});
}

Result<net::HttpFetched> RegistryClient::ask(std::string_view method, const std::string& target,
                                             const std::string& purpose,
                                             const std::stop_token& stop) {
  milliseconds pause = settings_.pause;
  for (unsigned tries = 1;; ++tries) {
    if (const auto left = tokens_.pause_left(); left.count() > 0 && !clock_.wait(left, stop)) {
      return Error{Fault::retry, "interrupted", "closing"};
    }
    auto answer = attempt(method, target, purpose, stop);
    if (answer || answer.error().fault != Fault::retry || tries >= settings_.attempts_max ||
        stop.stop_requested()) {
      return answer;
    }
    const milliseconds wished = answer.error().retry_after.value_or(milliseconds(0));
    if (wished > settings_.pause_max) return answer;  // whoever called us waits
    if (wished.count() > 0) tokens_.pause(wished);    // for all of us
    if (!clock_.wait(std::max(pause, wished), stop)) return answer;
    pause *= 2;
  }
}

Result<net::HttpFetched> RegistryClient::attempt(std::string_view method, const std::string& target,
                                                 const std::string& purpose,
                                                 const std::stop_token& stop) {
  for (bool let_in_before = false;; let_in_before = true) {
    auto authorization = tokens_.find(purpose);
    if (!authorization) authorization = tokens_.find(kEverything);
    auto answer = send(method, target, authorization, stop);
    if (!answer) return answer;
    const int status = answer->status;
    if (status == 401 && !let_in_before) {
      if (auto ok = let_in(*answer, purpose, stop); !ok) return ok.error();
      continue;
    }
    if (status == 401 && tokens_.find(kEverything)) return refused(purpose);
    if ((status >= 200 && status < 300) || status == 404) return answer;
    return error_of(*answer, target);
  }
}

Result<net::HttpFetched> RegistryClient::send(std::string_view method, const std::string& target,
                                              const std::optional<std::string>& authorization,
                                              const std::stop_token& stop) {
  net::HttpFetch request{.method = std::string(method), .url = origin_ + target};
  request.headers.add("User-Agent", "cdviz-collector");
  request.headers.add(
      "Accept", std::string(target.find("/manifests/") != std::string::npos ? kManifestTypes
                                                                            : "application/json"));
  if (authorization) request.headers.add("Authorization", *authorization);
  auto answer = fetcher_.send(request, stop);
  if (!answer)
    return Error{answer.error().fault, origin_ + ": " + answer.error().message, "network"};
  return answer;
}

Error RegistryClient::error_of(const net::HttpFetched& answer, std::string_view what) const {
  const std::string said = errors_of(answer.body);
  std::string message = fmt::format("{}{} answered {}{}{}", origin_, what.substr(0, what.find('?')),
                                    answer.status, said.empty() ? "" : ": ", said);
  // 405: the catalog is not there at all.
  if (answer.status == 401 || answer.status == 403 || answer.status == 405) {
    return denied(std::move(message));
  }
  Error error{Fault::retry, std::move(message), fmt::format("http_{}", answer.status)};
  if (is_worth_another_try(answer.status)) {
    if (const auto wait = answer.headers.find("Retry-After")) {
      error.retry_after = net::read_retry_after(*wait, clock_.wall());
    }
  }
  return error;
}

std::string RegistryClient::basic() const {
  return "Basic " + encode_text(BinaryText::base64, settings_.username + ":" + settings_.password);
}

/// Our password was sent and did not help.
Error RegistryClient::refused(const std::string& purpose) {
  // Some registries answer so for a single repository that we may not see.
  if (!purpose.empty()) return denied(origin_ + " does not let us see " + purpose);
  tokens_.drop(kEverything);
  return Error{Fault::stop, origin_ + " refuses our user name and password", "denied"};
}

Result<void> RegistryClient::let_in(const net::HttpFetched& refusal, const std::string& purpose,
                                    const std::stop_token& stop) {
  tokens_.drop(purpose);
  std::optional<Challenge> challenge;
  for (const auto& [name, value] : refusal.headers) {
    if (!equal_ignoring_case(name, "WWW-Authenticate")) continue;
    const auto one = parse_challenge(value);
    if (one && (!challenge || one->scheme == Scheme::bearer)) challenge = one;
  }
  if (!challenge) return denied(origin_ + " lets nobody in, and does not say how to get in");
  if (challenge->scheme == Scheme::bearer) {
    return fetch_token(challenge->realm, challenge->service, challenge->scope, purpose, stop);
  }
  if (settings_.username.empty()) {
    return Error{Fault::stop, origin_ + " wants a user name and a password", "denied"};
  }
  if (tokens_.find(kEverything)) return refused(purpose);
  tokens_.keep(kEverything, basic(), std::chrono::hours(24));
  return {};
}

Result<void> RegistryClient::fetch_token(std::string_view realm, std::string_view service,
                                         std::string_view scope, const std::string& purpose,
                                         const std::stop_token& stop) {
  const auto place = net::origin_of(std::string(realm));
  if (!place) return Error{Fault::retry, origin_ + ": the realm of its tokens is no URL", "token"};
  // Whoever is on the way to a registry over https must not get the password by naming a realm
  // without.
  const bool safe = realm.starts_with("https://") || !origin_.starts_with("https://");
  if (!safe && !settings_.username.empty()) {
    return Error{Fault::stop,
                 origin_ + ": its tokens come from " + *place +
                     ", where a password is not sent to: it is not https",
                 "token"};
  }
  std::string url(realm);
  url += url.find('?') == std::string::npos ? '?' : '&';
  url += "service=" + percent_encoded(service);
  // A challenge may name several scopes, parted by spaces.
  while (!scope.empty()) {
    const std::size_t space = std::min(scope.find(' '), scope.size());
    if (space > 0) url += "&scope=" + percent_encoded(scope.substr(0, space));
    scope.remove_prefix(std::min(space + 1, scope.size()));
  }
  net::HttpFetch request{.url = std::move(url)};
  request.headers.add("User-Agent", "cdviz-collector");
  if (!settings_.username.empty()) request.headers.add("Authorization", basic());
  const auto answer = fetcher_.send(request, stop);
  if (!answer) return Error{Fault::retry, *place + ": " + answer.error().message, "network"};
  if (answer->status == 401 || answer->status == 403) {
    if (settings_.username.empty()) return denied(*place + " gives no token without a password");
    return Error{Fault::stop, *place + " refuses our user name and password", "denied"};
  }
  if (answer->status != 200 || answer->cut) {
    Error error = error_of(*answer, "");
    error.message = fmt::format("{} gives no token: {}", *place, answer->status);
    return error;
  }
  const auto token = token_of(answer->body);
  if (!token) return token.error();
  tokens_.keep(purpose, "Bearer " + token->value, std::chrono::seconds(token->seconds));
  return {};
}

}  // namespace cdviz::sources::oci
