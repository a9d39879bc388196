// The private PostgreSQL server of `cdviz-collector up`: the distribution's own programs, with
// data, socket and passwords under one directory of ours. It lives in a session of its own, so that
// it survives the collector's death; the next start finds it, or restarts it. No other cluster is
// ever touched: every step first checks that the data directory is ours.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/result.h"
#include "postgres/cluster.h"
#include "postgres/login_url.h"

namespace cdviz::postgres {

struct PrivateServerSettings {
  std::filesystem::path directory;  ///< the collector's data directory; made if missing
  /// Until it accepts connections, crash recovery included.
  std::chrono::milliseconds start_timeout{120'000};
  /// For a clean stop; then it is stopped at once, and recovers at the next start.
  std::chrono::milliseconds stop_timeout{30'000};
  /// Asked while waiting; true: stop what was started and return.
  std::function<bool()> cancelled = [] { return false; };
  Machine machine = {};
  Progress progress = [](std::string_view) {
  };  ///< called for steps that take a while or need to be known
};

/// A running private server. Not thread-safe. Destroying it leaves the server running.
class PrivateServer {
 public:
  /// Finds the server of this directory if it runs, or starts it (the first time: makes it), and
  /// waits until it answers.
  /// @returns Fault::stop with what is wrong, where, and the fix; Fault::retry if it was cancelled
  static Result<std::unique_ptr<PrivateServer>> start(PrivateServerSettings settings);
  virtual ~PrivateServer() = default;

  /// A connection URL (https://www.postgresql.org/docs/current/libpq-connect.html) over loopback
  /// TCP: for any program of this machine. Holds the password.
  virtual std::string url(const Login& login) const = 0;
  /// The same by the quickest way: the Unix socket where there is one.
  virtual std::string local_url(const Login& login) const = 0;
  /// The superuser's login to `database`.
  virtual Login superuser(const std::string& database) const = 0;
  /// A password that is kept with the data; made at the first call.
  virtual Result<std::string> password(const std::string& name) = 0;

  virtual pid_t pid() const = 0;
  virtual int port() const = 0;
  virtual int major_version() const = 0;
  virtual bool made() const = 0;         ///< start() made the cluster
  virtual bool was_running() const = 0;  ///< start() found it running
  /// Waits until the server has ended by itself or by others. @returns false if it still runs after
  /// `timeout`
  virtual bool wait_ended(std::chrono::milliseconds timeout) const = 0;

  /// Starts it again after it has ended, at the same port, so that connection URLs stay right.
  virtual Result<void> restart() = 0;
  /// Stops it: cleanly, and if that takes longer than stop_timeout, at once. @returns an error if
  /// it still runs
  virtual Result<void> stop() = 0;
};

}  // namespace cdviz::postgres
