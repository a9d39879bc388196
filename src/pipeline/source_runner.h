// Runs one source: again after a pause when it fails, every 30 s when its configuration is wrong.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "core/clock.h"
#include "core/source.h"
#include "pipeline/backoff.h"
#include "pipeline/health.h"
#include "pipeline/source_inlet.h"
#include "telemetry/log.h"

namespace cdviz::pipeline {

/// run() belongs to one thread; everything else is safe from any.
class SourceRunner {
 public:
  /// Between two runs of a source that answered Fault::stop.
  static constexpr std::chrono::milliseconds kStoppedPause{30'000};
  /// A run that lasted this long was a success: the next pause is a short one again.
  static constexpr std::chrono::milliseconds kLongRun{60'000};

  SourceRunner(std::string name, std::unique_ptr<Source> source,
               std::shared_ptr<const Intake> intake, const InletServices& services,
               telemetry::Log& log)
      : name_(std::move(name)),
        source_(std::move(source)),
        clock_(services.clock),
        log_(log),
        inlet_(std::move(intake), services),
        health_(services.balance.up) {}

  /// Runs the source until it ends or stop(). Returns when everybody was answered; destroys the
  /// source.
  void run();
  /// The source is asked to stop, and waits for room in the queue no longer.
  void stop() {
    inlet_.stop_waiting();
    stop_.request_stop();
  }
  /// Fails those who wait for a delivery, so that run() can end.
  void cancel_deliveries() { inlet_.cancel_deliveries(); }

  const Health& health() const { return health_; }

 private:
  Result<void> run_once();
  void after_failure(const Error& error, bool ran_long);

  const std::string name_;
  std::unique_ptr<Source> source_;
  const Clock& clock_;
  telemetry::Log& log_;
  SourceInlet inlet_;
  Health health_;
  Backoff backoff_;
  std::string stopped_because_;
  std::stop_source stop_;
};

}  // namespace cdviz::pipeline
