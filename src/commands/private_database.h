// The database that `up` brings: a private PostgreSQL with the schema and the logins, kept running.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "core/result.h"
#include "postgres/create_login.h"
#include "postgres/private_server.h"

namespace cdviz::commands {

/// A line for the user. Called from more than one thread.
using Say = std::function<void(std::string_view)>;

/// Started and stopped from one thread. Destroying it leaves PostgreSQL running.
class PrivateDatabase {
 public:
  /// Connection URLs, with passwords.
  struct Urls {
    std::string collector;  ///< may write events and nothing else
    std::string reader;     ///< may read the public views and nothing else
    std::string dashboard;  ///< may read the public views and payloads
    std::string owner;      ///< owns the schema
  };

  /// Starts or finds the server in `directory`, migrates, makes the logins.
  /// @param cancelled  asked while it waits; Fault::retry then
  static Result<std::unique_ptr<PrivateDatabase>> start(const std::filesystem::path& directory,
                                                        Say say, std::function<bool()> cancelled);
  ~PrivateDatabase();
  PrivateDatabase(const PrivateDatabase&) = delete;
  PrivateDatabase& operator=(const PrivateDatabase&) = delete;

  const Urls& urls() const { return urls_; }
  /// From now on, starts PostgreSQL again should it end (killed by hand or for want of memory): by
  /// a thread of its own.
  void keep_running();
  Result<void> stop();

 private:
  PrivateDatabase(std::unique_ptr<postgres::PrivateServer> server, Say say);
  Result<void> prepare();
  /// Makes a login, or makes it again as it must be, with the password that is kept for it.
  Result<postgres::Login> login(postgres::Connection& admin, postgres::NewLogin wanted);
  void watch(const std::stop_token& stop);
  /// @returns false if it was asked to stop
  bool pause(const std::stop_token& stop, std::chrono::milliseconds time);

  std::unique_ptr<postgres::PrivateServer> server_;
  Say say_;
  Urls urls_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::jthread watcher_;
};

}  // namespace cdviz::commands
