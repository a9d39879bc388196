// For tests: a server on a free port, and clients that send exactly the bytes they are told to.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/server.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::net::testing {

/// How long a test waits for what must happen.
inline constexpr std::chrono::seconds kPatience{20};

/// Waits until `condition` holds. @returns false when it did not in kPatience
bool eventually(const std::function<bool()>& condition);

/// An answer as it came over the wire.
struct Answer {
  int status = 0;  ///< 0: none came
  std::string head;
  std::string body;
  std::string field(std::string_view name) const;
};

/// A blocking connection to 127.0.0.1. Every wait ends after kPatience.
class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client(Client&& other) noexcept;

  /// @returns false when the server has closed
  bool send(std::string_view bytes);
  /// The next answer; an interim one (100) too. Status 0 when the connection ended before.
  /// @param head_only  the answer to HEAD: no body follows whatever Content-Length says
  Answer receive(bool head_only = false);
  /// Sends and receives.
  Answer ask(std::string_view bytes);
  /// Waits for the server's end of the connection. @returns false when it did not come
  bool is_closed();
  int socket() const { return socket_; }

 private:
  bool fill();
  int socket_;
  std::string buffer_;
};

/// A server with its surroundings. Settings are changed before start().
struct TestServer {
  TestServer();
  Server& start();
  /// One request on a connection of its own.
  Answer ask(std::string_view bytes) { return Client(server->port()).ask(bytes); }
  /// Adds a route that lives as long as this.
  void add(Route route);
  double metric(std::string_view line_start);
  std::string log_text() const;

  ServerSettings settings;
  SystemClock clock;
  telemetry::Metrics metrics;
  int log_fd;
  telemetry::Log log;
  std::unique_ptr<Server> server;
  std::vector<Routes::Registration> registrations;
};

}  // namespace cdviz::net::testing
