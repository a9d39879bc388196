// Time as a dependency, so that tests of backoff, deadlines and ages need no sleep.
#pragma once

#include <chrono>
#include <stop_token>

#include "core/event.h"

namespace cdviz {

/// Where time comes from. Safe to call from any thread.
struct Clock {
  virtual ~Clock() = default;
  /// Monotonic: for timeouts, backoff, rates. Never jumps.
  virtual std::chrono::steady_clock::time_point now() const = 0;
  /// Wall clock: for what people and other programs read.
  virtual WallTime wall() const = 0;
  /// Waits until `duration` is over or `stop` is requested.
  /// @returns false if it was asked to stop
  virtual bool wait(std::chrono::milliseconds duration, std::stop_token stop) const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override;
  WallTime wall() const override;
  bool wait(std::chrono::milliseconds duration, std::stop_token stop) const override;
};

}  // namespace cdviz
