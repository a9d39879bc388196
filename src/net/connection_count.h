// How many connections are open, over all network threads.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace cdviz::net {

/// Safe to use from any thread.
class ConnectionCount {
 public:
  /// @returns how many there are with the new one
  std::size_t add() { return count_.fetch_add(1) + 1; }
  void remove() {
    if (count_.fetch_sub(1) != 1) return;
    const std::lock_guard lock(mutex_);
    none_.notify_all();
  }
  /// @returns false if some are still open after `timeout`
  bool wait_for_none(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, timeout, [this] { return count_.load() == 0; });
  }

 private:
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_;
  std::condition_variable none_;
};

}  // namespace cdviz::net
