// A private PostgreSQL for tests: the distribution's own programs, a data directory of its own
// under /tmp, a socket there and a free port of the loopback. fsync is off: it survives a crash of
// the server, not of the machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <sys/types.h>

namespace cdviz::postgres::testing {

/// Owned by one test program. Not thread-safe.
class Server {
 public:
  struct Settings {
    bool fsync = false;  ///< for measuring
  };
  /// Starts one and waits until it answers. Throws std::runtime_error with its log when it does
  /// not.
  explicit Server(Settings settings = {false});
  ~Server();  ///< stops it and removes its files
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The server that all tests of this program share: started at first use, stopped when the
  /// program ends.
  static Server& shared();
  /// Empty when a server can be started here; else what is missing, for GTEST_SKIP.
  static std::string missing();

  /// A URL over TCP. Everybody is trusted, except the user "needs_password", who must give "right".
  std::string url(const std::string& database = "postgres", const std::string& user = "postgres",
                  const std::string& password = "") const;
  /// Makes an empty database. @returns its name
  std::string new_database();
  /// Makes a database with every migration applied. @returns its name
  std::string new_migrated_database();

  /// Ends the server as a crash would (SIGQUIT: no checkpoint, recovery at the next start).
  void stop_immediately();
  void start();

  std::uint16_t port() const { return port_; }
  /// The folder of the socket, for psql and libpq's `host`.
  std::string socket_directory() const { return directory_.string(); }
  /// Where the distribution keeps psql, initdb, postgres.
  static std::filesystem::path programs();

 private:
  void stop(int signal);
  void initialise();
  std::string make_database(const std::string& from_template);

  const Settings settings_;
  std::filesystem::path directory_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  int databases_ = 0;
  bool template_made_ = false;
};

}  // namespace cdviz::postgres::testing
