// How one component is: written by its thread, read by /readyz, the page and cdviz_component_up.
#pragma once

#include <mutex>
#include <string>
#include <utility>

#include "pipeline/pipeline.h"
#include "telemetry/metrics.h"

namespace cdviz::pipeline {

/// Safe to call from any thread.
class Health {
 public:
  explicit Health(telemetry::Gauge& up) : up_(up) {}

  /// @param error  why it is not well; empty when it is
  /// @returns true if the state is another than before
  bool set(State state, std::string error = {}) {
    const std::lock_guard lock(mutex_);
    const bool changed = state_ != state;
    state_ = state;
    error_ = std::move(error);
    up_.Set(state == State::running ? 1 : 0);
    return changed;
  }
  std::pair<State, std::string> get() const {
    const std::lock_guard lock(mutex_);
    return {state_, error_};
  }

 private:
  telemetry::Gauge& up_;
  mutable std::mutex mutex_;
  State state_ = State::starting;
  std::string error_;
};

}  // namespace cdviz::pipeline
