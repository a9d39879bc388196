// The API's own connections to PostgreSQL, as a reader: a few threads, since libpq blocks and the
// network threads must not.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "postgres/connection.h"
#include "telemetry/log.h"

namespace cdviz::web::api {

struct DatabaseSettings {
  std::string url = {};      ///< a secret; empty: there is no database
  unsigned connections = 6;  ///< threads, each with a connection
  std::chrono::milliseconds statement_timeout{5'000};
  std::size_t waiting_max = 256;  ///< questions that wait for a thread; more: refused
  std::size_t heavy_max = 8;      ///< heavy questions at once; more: refused
};

/// Why there are no answers without [dashboard] url.
Error no_database();

/// Whether the database answers.
struct Availability {
  bool configured = false;
  bool available = false;              ///< it answered the last time
  std::string place = {};              ///< "host:port/database"; empty: never reached
  std::string error = {};              ///< why it does not
  std::optional<WallTime> since = {};  ///< of this state; nothing: not asked yet
};

/// Safe to use from any thread.
class Database {
 public:
  /// Connections that heavy questions leave to the others (where there are so many).
  static constexpr std::size_t kLightConnections = 2;

  /// What became of a job.
  enum class Done : std::uint8_t {
    yes,
    again  ///< the connection broke: call it once more, with another (reading twice is harmless)
  };
  /// Runs on a thread of the pool: with a connection, or with why there is none.
  /// @param last  no `again`: answer now
  using Job = std::function<Done(const Result<postgres::Connection*>& connection, bool last)>;
  enum class Taken : std::uint8_t {
    yes,      ///< the job will be called once, also at shutdown (then with an Error)
    busy,     ///< too many wait
    heavy,    ///< too many heavy ones
    stopped,  ///< it is shutting down
  };

  Database(DatabaseSettings settings, const Clock& clock, telemetry::Log& log);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Taken submit(bool heavy, Job job);
  Availability availability() const;
  /// availability().available
  bool is_available() const;
  /// A connection for somebody else's thread, with the same settings.
  Result<postgres::Connection> open(std::stop_token stop);
  /// Tells what an attempt with such a connection came to.
  void report(const Result<void>& outcome, const std::string& place);
  /// Answers what waits with an Error, and waits for what runs (5 s and a little, at most). Safe to
  /// call twice.
  void stop();

 private:
  struct Waiting {
    Job job;
    bool heavy;
  };
  void run(const std::stop_token& stop);
  /// The first that may run now; the end while none may. Needs mutex_.
  std::deque<Waiting>::iterator next_one();
  Result<postgres::Connection*> connected(std::optional<postgres::Connection>& connection,
                                          const std::stop_token& stop);

  const DatabaseSettings settings_;
  const Clock& clock_;
  telemetry::Log& log_;
  mutable std::mutex mutex_;
  std::condition_variable_any woken_;
  std::deque<Waiting> waiting_;
  std::size_t heavy_ = 0;  ///< waiting or running
  std::size_t heavy_running_ = 0;
  bool stopped_ = false;
  Availability availability_;
  std::optional<std::chrono::steady_clock::time_point> failed_at_;
  std::vector<std::jthread> threads_;
};

}  // namespace cdviz::web::api
