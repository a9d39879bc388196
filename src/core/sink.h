// Where events go.
#pragma once

#include <span>
#include <stop_token>

#include "core/event.h"
#include "core/result.h"

namespace cdviz {

/// Owned by the pipeline, which calls it from one thread.
struct Sink {
  virtual ~Sink() = default;

  /// Delivers all of `batch` or none. Success means that the other end has confirmed it is stored:
  /// not sent, not buffered. Must be harmless when the same event comes twice: after an unknown
  /// outcome the batch is sent again.
  /// @param batch  1 to max_batch() events, oldest first; borrowed until the call returns
  /// @param stop   requested at shutdown or reload when the deadline is over: return Fault::retry
  /// soon
  /// @returns the fault tells the dispatcher what to do: retry (back off), reject (halve the batch
  /// until the bad event
  ///          stands alone), stop (try again every 30 s)
  virtual Result<void> write(std::span<const Event> batch, std::stop_token stop) = 0;

  /// Most events in a batch.
  virtual std::size_t max_batch() const { return 1; }
  /// Most bytes of JSON in a batch of more than one event.
  virtual std::size_t max_batch_bytes() const { return std::size_t{4} * 1024 * 1024; }
};

}  // namespace cdviz
