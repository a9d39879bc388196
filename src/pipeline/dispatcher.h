// Takes events from the queue to one sink, and turns the sink's answer into what happens next: the
// only place that does.
//
//   success  the cursor moves on
//   retry    wait (pipeline/backoff.h) and send the same batch again: the order is kept
//   reject   halve the batch until the bad event stands alone; it becomes a dead letter in the same
//   transaction that
//            moves the cursor past it. A sink that refuses everything is treated as `stop`
//            (pipeline/reject_guard.h)
//   stop     say so, and try again every 30 s
//
// The cursor only moves over events that were delivered, kept as dead letters, or filtered by a
// rule of the configuration. No more than one batch is in memory.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/sink.h"
#include "core/transform.h"
#include "pipeline/backoff.h"
#include "pipeline/balance.h"
#include "pipeline/delivery_watch.h"
#include "pipeline/filter.h"
#include "pipeline/health.h"
#include "pipeline/refusal_teller.h"
#include "pipeline/reject_guard.h"
#include "queue/queue.h"
#include "telemetry/log.h"

namespace cdviz::pipeline {

/// What a dispatcher works with. All outlive it.
struct DispatcherServices {
  queue::Queue& queue;
  const Clock& clock;
  SinkBalance& balance;
  telemetry::Log& log;
  DeliveryWatch* watch = nullptr;  ///< null when nobody waits for deliveries
};

/// run() belongs to one thread; everything else is safe from any.
class Dispatcher {
 public:
  /// Between two tries of a sink that answered `stop` or refuses everything.
  static constexpr std::chrono::milliseconds kStoppedPause{30'000};
  /// Failures in a row, while the pipeline drains, after which the rest stays in the queue.
  static constexpr unsigned kDrainFailures = 3;
  /// The longest pause between these tries; if the other end asks for a longer one, the rest stays
  /// too.
  static constexpr std::chrono::milliseconds kDrainPause{2'000};

  /// @param filter  which events the sink gets; the others are counted
  /// @param transforms  what the sink gets of them. What these drop is counted as filtered, what
  /// they fail on becomes a dead letter with the event as it stands in the queue
  Dispatcher(std::string name, std::unique_ptr<Sink> sink, Filter filter, Transforms transforms,
             DispatcherServices services)
      : name_(std::move(name)),
        sink_(std::move(sink)),
        filter_(std::move(filter)),
        filters_(!filter_.empty()),
        transforms_(std::move(transforms)),
        services_(services),
        teller_(services.queue, services.clock),
        health_(services.balance.up) {}

  /// Delivers until stop(), or until nothing is left after finish(). Destroys the sink when it
  /// ends.
  /// @param cursor  after which event to begin
  void run(queue::Position cursor);

  /// The pipeline is stopping: no more pauses. A sink that is waiting gets one more try at once,
  /// then its events stay in the queue for the next start.
  void drain() { drain_.request_stop(); }
  /// Nothing more will come: end when the queue has no more for this sink.
  void finish() { finish_.request_stop(); }
  /// End now, also within a write.
  void stop();

  const Health& health() const { return health_; }

 private:
  enum class Step : std::uint8_t {
    done,   // delivered or kept: go on
    again,  // read again from the cursor
    end,    // asked to stop, or given up while draining
  };
  /// What was read: the events meant for this sink and where each stands. Several that a
  /// transformer made of one stand at the same place.
  struct Lot {
    std::vector<Event> events;
    std::vector<queue::Position> positions;
    std::vector<Event> originals;  ///< with transformers: as they stand in the queue
    queue::Position end{};         ///< of the last one read, whoever it was meant for
    /// Nothing else is in the lot, and `end` is its place.
    std::optional<queue::DeadLetter> failed;

    /// Where the cursor stands when those before `last` are done.
    queue::Position done(std::size_t last, queue::Position cursor) const {
      while (last > 0 && last < positions.size() && positions[last] == positions[last - 1]) --last;
      return last == 0 ? cursor : positions[last - 1];
    }
  };

  void begin_sink();
  Step serve();
  Result<Lot> read(std::size_t max_events);
  bool add(Lot& lot, queue::Stored& one, std::size_t max_events);
  Step deliver(const Lot& lot, std::size_t first, std::size_t last);
  Step probe(bool finishing);
  Step wait_for_more(bool finishing);
  Result<void> write(const Lot& lot, std::size_t first, std::size_t last);
  Step bury(const queue::DeadLetter& letter, queue::Position to);
  queue::DeadLetter letter_of(const Event& event, const Error& why) const;
  const Event& original_of(const Lot& lot, std::size_t index) const {
    return lot.originals.empty() ? lot.events[index] : lot.originals[index];
  }
  void advance(queue::Position to);
  void count_filtered(queue::Position to);
  Result<void> advance_and_wait(std::vector<queue::DeadLetter> letters, queue::Position to);
  void works();
  Step after_failure(const Error& error, std::string_view what);
  Step after_stop(const Error& error);
  Step leave_the_rest();
  bool stopping() const { return stop_.stop_requested(); }

  const std::string name_;
  std::unique_ptr<Sink> sink_;
  const Filter filter_;
  const bool filters_;
  const Transforms transforms_;
  const DispatcherServices services_;
  RefusalTeller teller_;
  Health health_;
  Backoff backoff_;
  RejectGuard guard_;
  queue::Position cursor_{};
  std::vector<queue::Position> filtered_;  // read, and not passed by the cursor yet
  queue::Position hole_end_{};             // up to here, behind the cursor, there is nothing
  bool told_of_more_ = false;
  std::string stopped_because_;
  unsigned drain_failures_ = 0;
  bool waited_when_drain_began_ = false;
  std::stop_source drain_, finish_, stop_;
};

}  // namespace cdviz::pipeline
