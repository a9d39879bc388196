// A private nats-server for tests: the distribution's program, a directory of its own under /tmp,
// and a free port of the loopback, which stays the same when it is started again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <sys/types.h>

namespace cdviz::nats::testing {

/// Owned by one test program. Not thread-safe.
class Server {
 public:
  /// Starts one with JetStream and waits until it takes connections. Throws std::runtime_error with
  /// its log when it does not.
  /// @param more  lines for its configuration file
  explicit Server(std::string more = {});
  ~Server();  ///< ends it and removes its files
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The server that all tests of this program share: started at first use, ended with the program.
  static Server& shared();
  /// Empty when a server can be started here; else what is missing, for GTEST_SKIP.
  static std::string missing();

  std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }
  const std::filesystem::path& directory() const { return directory_; }
  void start();
  /// @param signal  SIGKILL as a crash, SIGTERM, or SIGUSR2: lame duck mode, which ends by itself
  void stop(int signal);

 private:
  const std::string more_;
  std::filesystem::path directory_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace cdviz::nats::testing
