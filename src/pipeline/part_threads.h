// A source or a sink with its thread: what start, reload and stop handle alike.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "pipeline/dispatcher.h"
#include "pipeline/intake.h"
#include "pipeline/source_runner.h"
#include "pipeline/worker.h"

namespace cdviz::pipeline {

/// What a reload compares.
struct Identity {
  std::string name;
  std::string type;
  std::string fingerprint;
  bool operator==(const Identity&) const = default;
};

/// The order of the members is the order of destruction, backwards: the thread ends first.
struct RunningSource {
  RunningSource(SourcePart part, const InletServices& services, telemetry::Log& log)
      : identity{part.name, part.type, part.fingerprint},
        balance(services.balance),
        intake(make_intake(part, services.queue)),
        runner(part.name, std::move(part.source), intake, services, log) {}

  void start(std::stop_token after) {
    worker.start(std::move(after), [this] { runner.run(); });
  }
  /// With transforms that remember what they did before.
  static std::shared_ptr<const Intake> make_intake(SourcePart& part, const queue::Queue& queue) {
    const auto recall = [&](const std::string& key) -> std::optional<std::string> {
      auto value = queue.checkpoint(part.name, key);
      return value ? *std::move(value) : std::nullopt;
    };
    for (const auto& transform : part.transforms) transform->begin(recall);
    return std::make_shared<const Intake>(part.name, std::move(part.rules),
                                          std::move(part.transforms));
  }
  void stop() { runner.stop(); }

  const Identity identity;
  SourceBalance& balance;
  const std::shared_ptr<const Intake> intake;
  SourceRunner runner;
  Worker worker;
};

struct RunningSink {
  RunningSink(SinkPart part, const DispatcherServices& services)
      : identity{part.name, part.type, part.fingerprint},
        from(part.from),
        balance(services.balance),
        queue(services.queue),
        dispatcher(part.name, std::move(part.sink), std::move(part.filter),
                   std::move(part.transforms), services) {}

  /// @param cursor  where it stands now; read again when a predecessor has moved it meanwhile
  void start(std::stop_token after, queue::Position cursor) {
    worker.start(after, [this, cursor, succeeds = after.stop_possible()] {
      const auto moved = succeeds ? queue.attach(identity.name, from) : cursor;
      dispatcher.run(moved.has_value() ? *moved : cursor);
    });
  }
  void stop() { dispatcher.stop(); }

  const Identity identity;
  const queue::From from;
  SinkBalance& balance;
  queue::Queue& queue;
  Dispatcher dispatcher;
  Worker worker;
};

/// Taken out by a reload, asked to stop, not ended yet.
template <class Running>
struct Retired {
  std::unique_ptr<Running> part;
  std::chrono::steady_clock::time_point since;
};

}  // namespace cdviz::pipeline
