// Tells a bad event from a sink that refuses everything. A table that was altered would otherwise
// turn the whole queue into dead letters.
#pragma once

#include <chrono>
#include <cstddef>

namespace cdviz::pipeline {

/// Not thread-safe: one for each sink.
class RejectGuard {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kInRow = 100;       ///< rejected without one delivery between them
  static constexpr std::size_t kPerMinute = 1000;  ///< rejected within a minute

  /// The sink refused one event that stood alone.
  /// @returns true if it may become a dead letter; false if that would be one too many: the guard
  /// has tripped
  bool allow(Moment now);
  /// The sink took something: it does not refuse everything, and a tripped guard is whole again.
  void delivered();
  bool tripped() const { return tripped_; }

 private:
  std::size_t in_row_ = 0;
  std::size_t in_window_ = 0;
  Moment window_start_ = {};
  bool tripped_ = false;
};

}  // namespace cdviz::pipeline
