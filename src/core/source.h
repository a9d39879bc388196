// Where events come from.
#pragma once

#include <stop_token>

#include "core/inlet.h"
#include "core/result.h"

namespace cdviz {

/// Owned by the pipeline, which gives it one thread.
struct Source {
  virtual ~Source() = default;
  /// Reads until `stop` is requested or the input ends. Confirms upstream (commit, ack, HTTP 2xx)
  /// only from `settled`. A source that was settled with a failure must offer the same events again
  /// or leave them unconfirmed.
  /// @param inlet  outlives the call and every `settled` given to it
  /// @returns success when the input ended or stop was requested; Fault::retry to be run again
  /// after a pause;
  ///          Fault::stop when the configuration is wrong
  virtual Result<void> run(Inlet& inlet, std::stop_token stop) = 0;
};

}  // namespace cdviz
