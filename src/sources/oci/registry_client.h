// The calls of a registry that we need (OCI distribution, v1.1:
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md), which Docker Hub,
// GHCR, GitLab, Harbor, Quay and the CNCF's distribution speak.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "net/http_fetcher.h"
#include "sources/oci/tokens.h"

namespace cdviz::sources::oci {

struct RegistrySettings {
  std::string url = {};  ///< "https://registry.example.com:5000", no path
  std::string username = {};
  std::string password = {};                  ///< or a personal access token
  std::string ca_file = {};                   ///< PEM; empty: the system's authorities
  std::size_t page = 500;                     ///< names of a page, if the registry follows
  std::chrono::milliseconds timeout{30'000};  ///< of one attempt
  unsigned attempts_max = 4;
  std::chrono::milliseconds pause{500};         ///< after the first failure; then twice as long
  std::chrono::milliseconds pause_max{60'000};  ///< a longer Retry-After ends the call
};

struct Manifest {
  std::string digest;
  std::string media_type;
  bool operator==(const Manifest&) const = default;
};

/// One thread at a time. What is busy, throttled or broken is tried again, with a pause that all
/// clients with the same Tokens keep.
///
/// Faults: retry for what may work later (5xx, 429, no answer, half of an answer); reject, code
/// "denied", for a repository that we may not see; stop for what is our mistake (URL, password).
class RegistryClient {
 public:
  /// Names that a listing may have; a longer one fails.
  static constexpr std::size_t kNamesMax = 1'000'000;

  /// @param clock, tokens  outlive the client
  RegistryClient(RegistrySettings settings, const Clock& clock, Tokens& tokens);

  /// Whether it is a registry that lets us in. For `check --reach`.
  Result<void> reach(const std::stop_token& stop);

  /// The repositories that it has, all pages. @returns reject, code "denied", when it does not tell
  /// (GHCR, Docker Hub)
  Result<std::vector<std::string>> catalog(const std::stop_token& stop);
  /// The tags of a repository, all pages; none for one that does not exist.
  Result<std::vector<std::string>> tags(const std::string& repository, const std::stop_token& stop);
  /// @param reference  a tag or a digest
  /// @returns nothing when it does not exist
  Result<std::optional<Manifest>> manifest(const std::string& repository,
                                           const std::string& reference,
                                           const std::stop_token& stop);

 private:
  /// One answer that says something: 2xx, or 404.
  Result<net::HttpFetched> ask(std::string_view method, const std::string& target,
                               const std::string& purpose, const std::stop_token& stop);
  Result<net::HttpFetched> attempt(std::string_view method, const std::string& target,
                                   const std::string& purpose, const std::stop_token& stop);
  Result<net::HttpFetched> send(std::string_view method, const std::string& target,
                                const std::optional<std::string>& authorization,
                                const std::stop_token& stop);
  Result<void> let_in(const net::HttpFetched& refusal, const std::string& purpose,
                      const std::stop_token& stop);
  Result<void> fetch_token(std::string_view realm, std::string_view service, std::string_view scope,
                           const std::string& purpose, const std::stop_token& stop);
  Result<std::optional<std::vector<std::string>>> list(std::string target, std::string_view member,
                                                       const std::string& purpose,
                                                       const std::stop_token& stop);
  std::string basic() const;
  Error error_of(const net::HttpFetched& answer, std::string_view what) const;

  const RegistrySettings settings_;
  const std::string origin_;
  const Clock& clock_;
  Tokens& tokens_;
  net::HttpFetcher fetcher_;
};

}  // namespace cdviz::sources::oci
