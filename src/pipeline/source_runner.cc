#include "pipeline/source_runner.h"

#include <exception>

namespace cdviz::pipeline {

void SourceRunner::run() {
  while (!stop_.stop_requested()) {
    health_.set(State::running);
    const auto start = clock_.now();
    const auto result = run_once();
    if (stop_.stop_requested()) break;
    if (result) {
      log_.warn(name_, "the source has ended: nothing more comes from it");
      break;
    }
    after_failure(result.error(), clock_.now() - start >= kLongRun);
  }
  inlet_.close();
  inlet_.wait_until_idle();
  source_.reset();
  health_.set(State::ended);
}

Result<void> SourceRunner::run_once() {
  try {
    return source_->run(inlet_, stop_.get_token());
  } catch (const std::exception& e) {
    log_.error(name_, "the source failed unexpectedly", {{"error", e.what()}});
    return Error{Fault::retry, std::string("unexpected: ") + e.what(), "exception"};
  }
}

void SourceRunner::after_failure(const Error& error, bool ran_long) {
  if (error.fault == Fault::stop) {
    health_.set(State::stopped, error.message);
    if (stopped_because_ != error.message) {
      stopped_because_ = error.message;
      log_.error(name_, "stopped, trying again every 30 s",
                 {{"error", error.message}, {"code", error.code}});
    }
    clock_.wait(kStoppedPause, stop_.get_token());
    return;
  }
  if (ran_long) backoff_.reset();
  stopped_because_.clear();
  const auto pause = backoff_.next(error.retry_after);
  health_.set(State::waiting, error.message);
  log_.warn(name_, "the source failed, trying again",
            {{"error", error.message},
             {"code", error.code},
             {"failures", backoff_.tries()},
             {"pause_ms", pause.count()}});
  clock_.wait(pause, stop_.get_token());
}

}  // namespace cdviz::pipeline
