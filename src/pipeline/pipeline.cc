#include "pipeline/pipeline.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "pipeline/either_stop.h"
#include "pipeline/roster.h"

namespace cdviz::pipeline {
namespace {

using std::chrono::milliseconds;

/// Between two looks for dead letters to replay and for retired components that have ended.
constexpr milliseconds kHousekeeping{1'000};
/// How long those that were asked to stop at the deadline have to return from what they are doing.
constexpr milliseconds kGrace{2'000};

class PipelineOfThreads final : public Pipeline {
 public:
  PipelineOfThreads(const Settings& settings, queue::Queue& queue, const Clock& clock,
                    telemetry::Metrics& metrics, telemetry::Log& log)
      : settings_(settings),
        queue_(queue),
        clock_(clock),
        log_(log),
        roster_({.queue = queue,
                 .clock = clock,
                 .metrics = metrics,
                 .log = log,
                 .recent = recent_,
                 .watch = settings.confirm == Confirm::delivered ? &watch_ : nullptr}),
        replayer_(queue, clock, log, recent_, roster_) {}

  ~PipelineOfThreads() override {
    end_housekeeping();
    roster_.stop_sources();
    roster_.stop_sinks();
    watch_.close();
    roster_.clear();
  }

  Result<void> start(Parts parts) override {
    auto started = roster_.replace(std::move(parts));
    if (!started) return started;
    housekeeping_ = std::jthread([this](const std::stop_token& stop) { keep_house(stop); });
    return {};
  }

  Result<void> reload(Parts parts) override { return roster_.replace(std::move(parts)); }
  bool has_leaving_sources() const override { return roster_.has_leaving_sources(); }

  Drained stop(std::stop_token at_once) override;

  std::vector<ComponentStatus> status() const override { return roster_.status(); }
  std::vector<RecentEvent> recent() const override { return recent_.list(); }

 private:
  void keep_house(const std::stop_token& stop) {
    while (clock_.wait(kHousekeeping, stop)) {
      roster_.reap();
      while (!stop.stop_requested() && replayer_.round()) {
      }
    }
  }
  void end_housekeeping() {
    if (!housekeeping_.joinable()) return;
    housekeeping_.request_stop();
    housekeeping_.join();
  }

  using Ends = std::vector<std::pair<std::string, std::stop_token>>;
  /// Waits until all have ended, the deadline, or `at_once`. @returns the names of those that have
  /// not
  std::vector<std::string> wait_for_all(const Ends& ends,
                                        std::chrono::steady_clock::time_point deadline,
                                        const std::stop_token& at_once) const;
  std::uint64_t left_on_disk() const;

  const Settings settings_;
  queue::Queue& queue_;
  const Clock& clock_;
  telemetry::Log& log_;
  Recent recent_;
  DeliveryWatch watch_;
  Roster roster_;
  Replayer replayer_;
  std::jthread housekeeping_;
};

Drained PipelineOfThreads::stop(std::stop_token at_once) {
  const auto deadline = clock_.now() + settings_.drain_timeout;
  end_housekeeping();

  // The sinks go on meanwhile: a source may be waiting for them to confirm (confirm = "delivered").
  roster_.drain_sinks();
  roster_.stop_sources();
  wait_for_all(roster_.ends_of_sources(), deadline, at_once);

  roster_.finish_sinks();
  wait_for_all(roster_.ends_of_sinks(), deadline, at_once);

  roster_.stop_sinks();
  watch_.close();
  const auto grace = clock_.now() + kGrace;
  Drained drained;
  drained.stuck = wait_for_all(roster_.ends_of_sources(), grace, {});
  const auto sinks = wait_for_all(roster_.ends_of_sinks(), grace, {});
  drained.stuck.insert(drained.stuck.end(), sinks.begin(), sinks.end());
  // A component and its successor have one name.
  std::sort(drained.stuck.begin(), drained.stuck.end());
  drained.stuck.erase(std::unique(drained.stuck.begin(), drained.stuck.end()), drained.stuck.end());
  for (const auto& name : drained.stuck) {
    log_.error(name, "did not end in time");
  }
  drained.left_on_disk = left_on_disk();
  drained.complete = drained.left_on_disk == 0 && drained.stuck.empty();
  return drained;
}

std::vector<std::string> PipelineOfThreads::wait_for_all(
    const Ends& ends, std::chrono::steady_clock::time_point deadline,
    const std::stop_token& at_once) const {
  std::vector<std::string> left;
  for (const auto& [name, end] : ends) {
    const auto rest = std::chrono::ceil<milliseconds>(deadline - clock_.now());
    if (!end.stop_requested() && rest > milliseconds::zero() && !at_once.stop_requested()) {
      const EitherStop either(end, at_once);
      clock_.wait(rest, either.token());
    }
    if (!end.stop_requested()) left.push_back(name);
  }
  return left;
}

/// What a sink has not got is the end of the queue, so the sink that is farthest behind tells it
/// for all.
std::uint64_t PipelineOfThreads::left_on_disk() const {
  std::uint64_t left = 0;
  for (const auto& sink : queue_.status().sinks) {
    if (roster_.has_sink(sink.name)) left = std::max(left, sink.pending_events);
  }
  return left;
}

}  // namespace

std::unique_ptr<Pipeline> Pipeline::make(Settings settings, queue::Queue& queue, const Clock& clock,
                                         telemetry::Metrics& metrics, telemetry::Log& log) {
  return std::make_unique<PipelineOfThreads>(settings, queue, clock, metrics, log);
}

}  // namespace cdviz::pipeline
