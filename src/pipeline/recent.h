// The last events that came in, for the page.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "core/event.h"
#include "pipeline/pipeline.h"

namespace cdviz::pipeline {

/// Safe to call from any thread.
class Recent {
 public:
  static constexpr std::size_t kEvents = 100;
  /// Events with more JSON than this are kept without it, so that the ring takes at most 1.6 MiB.
  static constexpr std::size_t kJsonBytes = 16 * 1024;

  /// Oldest first. Only the last kEvents count.
  void add(std::span<const Event> events);
  /// Newest first.
  std::vector<RecentEvent> list() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Event> events_;
};

}  // namespace cdviz::pipeline
