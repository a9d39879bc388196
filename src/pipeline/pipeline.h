// The pipeline: owns the sources and sinks, gives each a thread, and keeps the promise that every
// event received ends in exactly one of: delivered to every sink, filtered by a rule, or in the
// dead letters (docs/architecture.md §2).
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "cdevents/check.h"
#include "core/clock.h"
#include "core/result.h"
#include "core/sink.h"
#include "core/source.h"
#include "core/transform.h"
#include "pipeline/filter.h"
#include "queue/queue.h"

namespace cdviz::telemetry {
class Log;
class Metrics;
}  // namespace cdviz::telemetry

namespace cdviz::pipeline {

/// When a source is told that its events are safe.
enum class Confirm : std::uint8_t {
  queued,     ///< when they are on disk
  delivered,  ///< when every sink has them (or they are in the dead letters)
};

struct Settings {
  std::chrono::milliseconds drain_timeout{20'000};
  Confirm confirm = Confirm::queued;
};

struct SourcePart {
  std::string name;         ///< component_id
  std::string type;         ///< component_type: "webhook"
  std::string fingerprint;  ///< config::Options::fingerprint(): a reload keeps what has not changed
  std::unique_ptr<Source> source;
  cdevents::Rules rules = {};  ///< a change of them must change the fingerprint
  Transforms transforms = {};  ///< likewise; applied in this order
};

struct SinkPart {
  std::string name;
  std::string type;
  std::string fingerprint;
  queue::From from = queue::From::now;
  std::unique_ptr<Sink> sink;
  Filter filter = {};          ///< a change of it must change the fingerprint
  Transforms transforms = {};  ///< likewise; applied in this order, behind the filter
};

struct Parts {
  std::vector<SourcePart> sources;
  std::vector<SinkPart> sinks;
};

enum class State : std::uint8_t { starting, running, waiting, stopped, ended };

/// How one component is, for /readyz, /status and the page.
struct ComponentStatus {
  std::string name;
  std::string type;
  bool is_sink = false;
  State state = State::starting;  ///< waiting: backing off after Fault::retry; stopped:
                                  ///< Fault::stop, tried every 30 s
  std::string last_error;         ///< empty while all is well
  std::uint64_t received = 0;     ///< sources: received = queued + filtered + refused
  std::uint64_t queued = 0;
  std::uint64_t with_violations = 0;  ///< of those queued
  std::uint64_t filtered = 0;         ///< of sinks too: kept from it by its filter
  std::uint64_t refused = 0;
  std::uint64_t delivered = 0;  ///< sinks: what left the queue = delivered + rejected + filtered
  std::uint64_t rejected = 0;
  std::uint64_t pending = 0;  ///< sinks: still in the queue
};

/// One of the last events, for the page: no payload.
struct RecentEvent {
  std::string source, id, type, subject_id, timestamp, origin;
  WallTime received_at;
};

/// What became of the events when the pipeline stopped.
struct Drained {
  bool complete = true;            ///< every sink has everything
  std::uint64_t left_on_disk = 0;  ///< events that some sink still has to get at the next start
  std::vector<std::string>
      stuck;  ///< components whose thread did not end by the deadline: the caller must not destroy
              ///< the pipeline but leave the process (std::quick_exit)
};

/// start(), reload() and stop() are called from one thread; status() and recent() from any.
class Pipeline {
 public:
  static std::unique_ptr<Pipeline> make(Settings settings, queue::Queue& queue, const Clock& clock,
                                        telemetry::Metrics& metrics, telemetry::Log& log);
  virtual ~Pipeline() = default;

  /// Attaches the sinks, starts them, then the sources. @returns an error if the queue fails
  virtual Result<void> start(Parts parts) = 0;
  /// Keeps components whose name, type and fingerprint are the same, stops those that are gone or
  /// changed, starts the new ones. Does not wait for a stuck component: its successor starts when
  /// it has ended. A sink that is gone keeps its cursor until `queue release`.
  virtual Result<void> reload(Parts parts) = 0;
  /// True while a source that a reload stopped has not ended yet: it may still take events.
  virtual bool has_leaving_sources() const = 0;
  /// Stops sources, lets the sinks deliver what is queued until the drain deadline, stops them. A
  /// sink that cannot deliver gets one more try at once; then its events stay in the queue for the
  /// next start.
  /// @param at_once  requested (a second signal): the deadline is over now
  virtual Drained stop(std::stop_token at_once = {}) = 0;

  virtual std::vector<ComponentStatus> status() const = 0;
  /// The last events queued, newest first, at most 100.
  virtual std::vector<RecentEvent> recent() const = 0;
};

}  // namespace cdviz::pipeline
