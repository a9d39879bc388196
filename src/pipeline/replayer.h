// Dead letters that somebody asked to replay (`dead-letters replay`) go in again: those of a source
// through its own checks, those of a sink to that sink alone.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/clock.h"
#include "pipeline/balance.h"
#include "pipeline/intake.h"
#include "pipeline/recent.h"
#include "queue/queue.h"
#include "telemetry/log.h"

namespace cdviz::pipeline {

/// Who is configured now.
struct Addressees {
  virtual ~Addressees() = default;
  struct SourceEntry {
    std::shared_ptr<const Intake> intake;  ///< null when there is no such source
    SourceBalance* balance = nullptr;
  };
  virtual SourceEntry find_source(const std::string& name) const = 0;
  virtual bool has_sink(const std::string& name) const = 0;
};

/// Used by one thread.
class Replayer {
 public:
  /// Letters held in memory at a time.
  static constexpr std::size_t kLetters = 16;

  Replayer(queue::Queue& queue, const Clock& clock, telemetry::Log& log, Recent& recent,
           const Addressees& addressees)
      : queue_(queue), clock_(clock), log_(log), recent_(recent), addressees_(addressees) {}

  /// Replays up to kLetters. @returns true if there may be more
  bool round();

 private:
  /// @returns true if it was stored
  bool to_source(queue::DeadLetter letter);
  void to_sink(queue::DeadLetter letter);
  /// The letter takes its own place again, with another reason. @returns true if it was stored
  bool refuse_again(queue::DeadLetter letter, std::string code, std::string reason);
  Result<queue::Position> replace(std::int64_t number, queue::Batch batch);

  queue::Queue& queue_;
  const Clock& clock_;
  telemetry::Log& log_;
  Recent& recent_;
  const Addressees& addressees_;
};

}  // namespace cdviz::pipeline
