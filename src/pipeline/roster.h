// Who is running: the sources and sinks of the configuration, and those that a reload has taken out
// and that have not ended yet.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/part_threads.h"
#include "pipeline/pipeline.h"
#include "pipeline/recent.h"
#include "pipeline/replayer.h"

namespace cdviz::pipeline {

/// What the roster gives to those who run. All outlive it.
struct RosterServices {
  queue::Queue& queue;
  const Clock& clock;
  telemetry::Metrics& metrics;
  telemetry::Log& log;
  Recent& recent;
  DeliveryWatch* watch;  ///< null: sources are confirmed when queued
};

/// replace() and the stopping functions belong to one thread; everything else is safe from any.
class Roster final : public Addressees {
 public:
  /// A retired source waits so long for deliveries (confirm = "delivered"); then its senders are
  /// told to try again.
  static constexpr std::chrono::milliseconds kRetireGrace{5'000};

  explicit Roster(const RosterServices& services)
      : services_(services), ledger_(services.metrics) {}

  /// Makes `parts` those that run: keeps the same, stops the others, starts the new, waits for
  /// nobody.
  /// @returns an error if the queue fails: nothing was changed
  Result<void> replace(Parts parts);
  /// Destroys those that have ended since they were taken out, and ends the waits of those that are
  /// overdue.
  void reap();
  /// Whether a source that was replaced or removed still runs.
  bool has_leaving_sources() const;

  void stop_sources();
  void drain_sinks();
  void finish_sinks();
  void stop_sinks();
  /// Whose end has to be waited for, with their names.
  std::vector<std::pair<std::string, std::stop_token>> ends_of_sources() const;
  std::vector<std::pair<std::string, std::stop_token>> ends_of_sinks() const;
  /// Waits for all threads and destroys everybody.
  void clear();

  std::vector<ComponentStatus> status() const;
  SourceEntry find_source(const std::string& name) const override;
  bool has_sink(const std::string& name) const override;

 private:
  using Attached = std::vector<queue::Position>;
  Result<Attached> attach(const std::vector<SinkPart>& sinks);
  void retire_sources(const Parts& parts);
  void retire_sinks(const Parts& parts);
  void tell_who_holds_the_queue();

  const RosterServices services_;
  Ledger ledger_;
  mutable std::mutex mutex_;  // of the lists; the parts have their own
  std::vector<std::unique_ptr<RunningSource>> sources_;
  std::vector<std::unique_ptr<RunningSink>> sinks_;
  std::vector<Retired<RunningSource>> retired_sources_;
  std::vector<Retired<RunningSink>> retired_sinks_;
};

}  // namespace cdviz::pipeline
