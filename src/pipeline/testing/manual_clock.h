// A clock that stands still until a test moves it, so that backoff, deadlines and ages are tested
// without sleeping.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "core/clock.h"

namespace cdviz::pipeline::testing {

/// Safe to call from any thread.
class ManualClock final : public Clock {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  Moment now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  WallTime wall() const override {
    constexpr std::chrono::seconds kSomeDay{1'750'000'000};
    return WallTime(kSomeDay) +
           std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch());
  }
  bool wait(std::chrono::milliseconds duration, std::stop_token stop) const override {
    std::unique_lock lock(mutex_);
    const Moment end = now_ + duration;
    const auto place = ends_.insert(end);
    moved_.wait(lock, stop, [&] { return now_ >= end; });
    ends_.erase(place);
    return !stop.stop_requested();
  }

  void advance(std::chrono::milliseconds duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
    moved_.notify_all();
  }
  /// Moves on to the next moment at which somebody's wait is over, if anybody waits, but by no more
  /// than 100 ms: the threads that work need real time, in which not too much of ours may pass.
  void jump() {
    const std::lock_guard lock(mutex_);
    if (ends_.empty()) return;
    const Moment next = std::min(*ends_.begin(), now_ + std::chrono::milliseconds(100));
    now_ = std::max(now_, next);
    moved_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any moved_;
  mutable std::multiset<Moment> ends_;
  Moment now_ = Moment(std::chrono::hours(1));
};

}  // namespace cdviz::pipeline::testing
