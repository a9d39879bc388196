// Several HTTP requests at a time to one URL, over connections that are kept: libcurl's multi
// interface (https://curl.se/libcurl/c/libcurl-multi.html), HTTP/2 where a TLS server has it. The
// trust store, and the proxy variables of the environment, are libcurl's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/headers.h"
#include "core/result.h"

namespace cdviz::net {

/// Why there is no answer, or none that counts.
enum class NoAnswer : std::uint8_t {
  none,      ///< there is one
  timeout,   ///< connecting, the whole exchange, or a standstill took too long
  network,   ///< refused, reset, cut, not resolved, not HTTP: may work later
  tls,       ///< the server's certificate, or ours
  redirect,  ///< the server names another place, where nothing is sent to
  wrong,     ///< the request cannot be made: URL, files of certificates
};

/// What became of a request.
struct HttpOutcome {
  std::size_t tag = 0;  ///< as it was given to start()
  NoAnswer no_answer = NoAnswer::none;
  std::string message = {};  ///< why there is no answer; no secrets
  int status = 0;            ///< of the answer; 0 without one
  std::optional<std::chrono::milliseconds> retry_after = {};
  std::string content_type = {};  ///< of the answer
  std::string body = {};          ///< of the answer, its first bytes
};

struct HttpPoolSettings {
  std::string url;  ///< http or https; a secret: it may hold credentials
  std::string method = "POST";
  std::string user_agent = {};
  std::size_t connections_max = 16;                   ///< and most of those that are kept
  std::chrono::milliseconds connect_timeout{5'000};   ///< name, TCP and TLS
  std::chrono::milliseconds request_timeout{30'000};  ///< a whole exchange
  /// No byte either way for so long ends an exchange; rounded up to seconds. 0: not looked at.
  std::chrono::milliseconds stall_timeout{15'000};
  /// "http://proxy:3128", may hold credentials; empty: that of the environment, and none for this
  /// machine's own addresses.
  std::string proxy = {};
  std::string ca_file = {};      ///< PEM; empty: the system's
  std::string certificate = {};  ///< PEM file, of the client
  std::string key = {};          ///< PEM file, to it
  std::string key_password = {};
  std::size_t answer_bytes_max = 16 * 1024;  ///< of an answer's body; the rest is not read
  /// Redirects in a row that are followed, to the same scheme, host and port only; as a POST still.
  unsigned redirects_max = 3;
};

/// "https://host:port" of a URL, for messages: no path, no query, no credentials.
/// @returns Fault::stop, with what is wrong, if it is no URL of http or https
Result<std::string> origin_of(const std::string& url);

/// One thread at a time; wake() from any.
class HttpPool {
 public:
  HttpPool(HttpPoolSettings settings, const Clock& clock);
  /// Ends what is in flight.
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  /// Begins a request. Its outcome comes from wait().
  /// @param tag      for the outcome; different from those in flight
  /// @param headers  names and values without control characters
  void start(std::size_t tag, const Headers& headers, std::string body);

  /// Works on what is in flight until something has ended, `at_most` is over, or wake() was called.
  /// @returns what has ended, in that order; may be empty
  std::vector<HttpOutcome> wait(std::chrono::milliseconds at_most);

  /// Ends the wait() of now, or the next one.
  void wake();

  /// Drops what is in flight: whether the server took it is not known. There are no outcomes.
  void cancel();

  std::size_t in_flight() const;
  /// Since the beginning.
  std::uint64_t connections_opened() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::net
