// A batch on its way: whoever sent it is told once what became of it, on every path.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include "core/inlet.h"

namespace cdviz::pipeline {

/// Counts what is under way in an inlet, so that its owner can wait for the end. Safe to call from
/// any thread.
class UnderWay {
 public:
  using Token = std::shared_ptr<void>;

  /// @returns a token that counts until it is destroyed
  static Token enter(const std::shared_ptr<UnderWay>& counter) {
    const std::lock_guard lock(counter->mutex_);
    ++counter->count_;
    // The token holds the counter: it may be the last thing that lives of an inlet.
    return {static_cast<void*>(nullptr), [counter](void*) { counter->leave(); }};
  }
  void wait_until_none() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  void leave() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t count_ = 0;
};

/// A promise to call `settled` exactly once. Destroyed without an answer, it answers with
/// Fault::retry. Used by one thread at a time, each handing it on to the next.
class Pending {
 public:
  /// @param holds  let go after the answer: the place in UnderWay, the one in DeliveryWatch
  Pending(Settled settled, std::shared_ptr<void> under_way, std::shared_ptr<void> place)
      : under_way_(std::move(under_way)), place_(std::move(place)), settled_(std::move(settled)) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() { settle(Error{Fault::retry, "closed before the batch was queued", "closing"}); }

  /// Answers, unless it was answered or given up before.
  void settle(const Result<Receipt>& result) {
    if (const Settled settled = std::exchange(settled_, nullptr)) settled(result);
  }
  /// Nothing was taken: nobody is to be called.
  void give_up() { settled_ = nullptr; }

 private:
  std::shared_ptr<void> under_way_;  // destroyed last: whoever waits for it may destroy everything
  std::shared_ptr<void> place_;
  Settled settled_;
};

}  // namespace cdviz::pipeline
