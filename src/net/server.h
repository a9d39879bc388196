// The HTTP/1.1 server: webhooks, the page, the API, metrics. Hardened against slow, huge and
// ambiguous requests.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "net/routes.h"

namespace cdviz::telemetry {
class Log;
class Metrics;
}  // namespace cdviz::telemetry

namespace cdviz::net {

struct TlsSettings {
  std::string certificate = {};  ///< PEM file: the certificate and its chain; empty: no TLS
  std::string key = {};          ///< PEM file, not encrypted
  std::string client_ca = {};    ///< PEM file; when set, clients need a certificate that it signed
  /// How often the files are looked at for a change.
  std::chrono::milliseconds check_interval{5'000};
};

/// Every limit of the server. Reaching one has the answer named beside it.
struct ServerSettings {
  std::string host = "127.0.0.1";  ///< address or name to listen on
  std::uint16_t port = 8080;       ///< 0: a free one, Server::port() tells
  unsigned threads = 1;
  std::string root_url = {};  ///< how clients reach the server; empty: made of host and port
  std::size_t connections_max = 4096;        ///< 503 and close; idle ones do count
  std::size_t header_bytes_max = 16 * 1024;  ///< 431
  std::chrono::milliseconds header_timeout{
      10'000};  ///< for a whole head or TLS handshake: 408 and close
  std::chrono::milliseconds body_timeout{
      30'000};  ///< for a whole body, and for the client to read an answer
  std::size_t body_rate_min =
      1024;  ///< bytes a second, on average, after header_timeout: 408 and close
  std::chrono::milliseconds keep_alive_timeout{75'000};  ///< close without a word
  std::chrono::milliseconds request_timeout{30'000};     ///< the handler has not answered: 503
  std::size_t in_flight_bytes_max =
      std::size_t{64} * 1024 * 1024;  ///< bodies being read or handled: 503, Retry-After
  TlsSettings tls = {};
};

/// Threads: start(), stop_accepting(), drain() and the destructor from one thread; the rest from
/// any.
class Server final : public Routes {
 public:
  /// @param clock, metrics, log  outlive the server
  Server(ServerSettings settings, const Clock& clock, telemetry::Metrics& metrics,
         telemetry::Log& log);
  /// Stops at once: requests under way are not answered.
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Result<Registration> add(Route route) override;

  /// Listens and serves. Once.
  /// @returns Fault::stop with what to change: port taken (by whom, if that can be found), wrong
  /// address, wrong TLS files
  Result<void> start();
  /// The port that it listens on, after start().
  std::uint16_t port() const;
  /// How clients on this machine reach it, after start(): "http://127.0.0.1:8080", or root_url.
  std::string url() const;

  /// New connections are refused by the system from now on.
  void stop_accepting();
  /// Stops accepting, closes idle connections, lets requests under way be answered.
  /// @returns false if some were cut off at the deadline
  bool drain(std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::net
