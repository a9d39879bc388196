// Tells a sink that keeps a list of refused documents what stands in the dead letters.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "core/clock.h"
#include "core/sink.h"
#include "queue/queue.h"

namespace cdviz::pipeline {

/// Belongs to one sink and its thread. It starts from the first dead letter after every start: the
/// other end takes a repetition as none, so no mark has to be kept.
class RefusalTeller {
 public:
  /// Between two looks into the dead letters.
  static constexpr std::chrono::seconds kPause{10};
  /// Refusals told in one call.
  static constexpr std::size_t kAtOnce = 500;

  RefusalTeller(queue::Queue& queue, const Clock& clock) : queue_(queue), clock_(clock) {}

  /// Tells what is new, if it is time to look and the sink wants to know.
  /// @returns false when the sink failed; it is tried again at the next look
  bool tell(Sink& sink, const std::stop_token& stop);

 private:
  queue::Queue& queue_;
  const Clock& clock_;
  std::int64_t told_ = 0;  // the number up to which all is told
  std::optional<std::chrono::steady_clock::time_point> next_look_;
};

}  // namespace cdviz::pipeline
