// Any HTTP request, one at a time, over connections that are kept: libcurl's easy interface
// (https://curl.se/libcurl/c/libcurl-easy.html). For APIs; events are posted by HttpPool.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/headers.h"
#include "core/result.h"

namespace cdviz::net {

/// A request. Everything is sent as it stands here: the URL is not normalised.
struct HttpFetch {
  std::string method = "GET";
  std::string url;             ///< http or https
  Headers headers = {};        ///< names and values without control characters
  std::string_view body = {};  ///< borrowed until the call returns
};

/// What came back, whatever its status.
struct HttpFetched {
  int status = 0;
  Headers headers = {};  ///< of the last answer, at most 64 KiB of them
  std::string body = {};
  bool cut = false;  ///< the body is longer than `body_bytes_max`; `body` holds its beginning
};

struct HttpFetcherSettings {
  std::chrono::milliseconds connect_timeout{5'000};  ///< name, TCP and TLS
  std::chrono::milliseconds timeout{60'000};         ///< a whole exchange
  /// No byte either way for so long ends an exchange; rounded up to seconds. 0: not looked at.
  std::chrono::milliseconds stall_timeout{0};
  std::string ca_file = {};              ///< PEM; empty: the system's authorities
  std::size_t body_bytes_max = 1 << 20;  ///< of an answer; see HttpFetched::cut
  /// Proxies are those of the environment, and none for this machine; false: none at all.
  bool proxy = true;
};

/// One thread at a time. Redirects are not followed: a signature counts for one place only.
class HttpFetcher {
 public:
  explicit HttpFetcher(HttpFetcherSettings settings);
  ~HttpFetcher();
  HttpFetcher(const HttpFetcher&) = delete;
  HttpFetcher& operator=(const HttpFetcher&) = delete;

  /// @param stop  ends the exchange within about a second: "interrupted"
  /// @param timeout  instead of that of the settings, for a long poll; 0: that of the settings
  /// @returns Fault::stop for a URL that is none or certificates that are not right, Fault::retry
  /// when there is no whole answer: whether the server took the request is not known then
  Result<HttpFetched> send(const HttpFetch& request, const std::stop_token& stop,
                           std::chrono::milliseconds timeout = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::net
