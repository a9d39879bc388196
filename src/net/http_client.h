// A small HTTP client over libcurl (https://curl.se/libcurl): one connection that is kept, one
// request at a time. The trust store, proxies and TLS are libcurl's and the environment's own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cdviz::net {

/// What a server answered, whatever its status.
struct HttpReply {
  int status = 0;
  /// Retry-After in seconds; its form as a date is not read.
  std::optional<std::chrono::seconds> retry_after = {};
  std::string body = {};  ///< its first 64 KiB
};

/// One thread at a time.
class HttpClient {
 public:
  struct Settings {
    std::string url;                        ///< http or https; a secret if it holds credentials
    std::vector<std::string> headers = {};  ///< "Name: value", with every request
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{60'000};  ///< for a whole exchange
    /// Asked several times a second while an exchange goes on; true ends it.
    std::function<bool()> cancelled = {};
  };

  explicit HttpClient(Settings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// @param body  borrowed until the call returns
  /// @returns Fault::stop for a URL that is none, Fault::retry when there is no answer: whether the
  /// server took the request is not known then
  Result<HttpReply> post(std::string_view body, const std::string& content_type);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::net
