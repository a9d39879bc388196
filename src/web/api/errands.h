// Small tasks that may wait for a disk, in order, on a thread of their own.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace cdviz::web::api {

/// Safe to use from any thread.
class Errands {
 public:
  static constexpr std::size_t kWaitingMax = 32;

  Errands();
  ~Errands();
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  /// @returns false when too many wait, or after stop(): it is not run
  bool submit(std::function<void()> errand);
  /// Drops what waits, and waits for the one that runs. Safe to call twice.
  void stop();

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::deque<std::function<void()>> waiting_;
  bool stopped_ = false;
  std::jthread thread_;
};

}  // namespace cdviz::web::api
