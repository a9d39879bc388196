// How the thread of a run hears that something is ready for it: an object that was fetched, a batch
// that is on disk, a message of the queue.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace cdviz::sources::s3 {

/// Safe to call from any thread.
class Bell {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_all();
  }
  /// Until it was rung since the last wait, `at_most` is over, or `stop` is requested.
  void wait(std::chrono::milliseconds at_most, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, at_most, [&] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool rung_ = false;
};

}  // namespace cdviz::sources::s3
