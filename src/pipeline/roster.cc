#include "pipeline/roster.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace cdviz::pipeline {
namespace {

template <class Part>
Identity identity_of(const Part& part) {
  return {part.name, part.type, part.fingerprint};
}

/// Call after take_out(), which has taken out those that have ended.
template <class Running, class Part>
bool runs(const std::vector<std::unique_ptr<Running>>& running, const Part& part) {
  const auto wanted = identity_of(part);
  return std::any_of(running.begin(), running.end(),
                     [&](const auto& one) { return one->identity == wanted; });
}

/// Moves those out of `running` that `parts` does not have any more, asked to stop, and those that
/// have ended by themselves: a reload starts them again.
template <class Running, class Part>
std::vector<Retired<Running>> take_out(std::vector<std::unique_ptr<Running>>& running,
                                       const std::vector<Part>& parts,
                                       std::chrono::steady_clock::time_point now) {
  std::vector<Retired<Running>> out;
  for (auto& one : running) {
    const bool kept =
        !one->worker.has_ended() && std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
          return identity_of(part) == one->identity;
        });
    if (kept) continue;
    one->stop();
    out.push_back({std::move(one), now});
  }
  std::erase(running, nullptr);
  return out;
}

/// The end of the last one with this name that was taken out: whoever follows waits for it.
template <class Running>
std::stop_token end_of_predecessor(const std::vector<Retired<Running>>& retired,
                                   const std::string& name) {
  for (auto at = retired.rbegin(); at != retired.rend(); ++at) {
    if (at->part->identity.name == name) return at->part->worker.ended();
  }
  return {};
}

template <class Running>
void collect_ends(const std::vector<std::unique_ptr<Running>>& running,
                  const std::vector<Retired<Running>>& retired,
                  std::vector<std::pair<std::string, std::stop_token>>& ends) {
  for (const auto& one : running) ends.emplace_back(one->identity.name, one->worker.ended());
  for (const auto& one : retired) {
    ends.emplace_back(one.part->identity.name, one.part->worker.ended());
  }
}

template <class Running>
void take_ended(std::vector<Retired<Running>>& retired, std::vector<Retired<Running>>& ended) {
  const auto first = std::stable_partition(retired.begin(), retired.end(), [](const auto& one) {
    return !one.part->worker.has_ended();
  });
  std::move(first, retired.end(), std::back_inserter(ended));
  retired.erase(first, retired.end());
}

template <class To, class From>
void append(std::vector<To>& to, std::vector<From> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

Result<void> Roster::replace(Parts parts) {
  const auto cursors = attach(parts.sinks);
  if (!cursors) return cursors.error();
  const std::lock_guard lock(mutex_);
  retire_sources(parts);
  retire_sinks(parts);
  for (std::size_t i = 0; i < parts.sinks.size(); ++i) {
    SinkPart& part = parts.sinks[i];
    if (runs(sinks_, part)) continue;
    const auto after = end_of_predecessor(retired_sinks_, part.name);
    const DispatcherServices services{.queue = services_.queue,
                                      .clock = services_.clock,
                                      .balance = ledger_.sink(part.name, part.type),
                                      .log = services_.log,
                                      .watch = services_.watch};
    sinks_.push_back(std::make_unique<RunningSink>(std::move(part), services));
    sinks_.back()->start(after, (*cursors)[i]);
  }
  for (SourcePart& part : parts.sources) {
    if (runs(sources_, part)) continue;
    const auto after = end_of_predecessor(retired_sources_, part.name);
    const InletServices services{.queue = services_.queue,
                                 .clock = services_.clock,
                                 .balance = ledger_.source(part.name, part.type),
                                 .recent = services_.recent,
                                 .watch = services_.watch};
    sources_.push_back(std::make_unique<RunningSource>(std::move(part), services, services_.log));
    sources_.back()->start(after);
  }
  tell_who_holds_the_queue();
  return {};
}

/// Every sink has its cursor before any source runs: an event is kept for all of them.
Result<Roster::Attached> Roster::attach(const std::vector<SinkPart>& sinks) {
  Attached cursors;
  for (const SinkPart& part : sinks) {
    const auto cursor = services_.queue.attach(part.name, part.from);
    if (!cursor) return cursor.error();
    cursors.push_back(*cursor);
  }
  if (services_.watch != nullptr) {
    for (std::size_t i = 0; i < sinks.size(); ++i) {
      services_.watch->add_sink(sinks[i].name, cursors[i]);
    }
  }
  return cursors;
}

void Roster::retire_sources(const Parts& parts) {
  append(retired_sources_, take_out(sources_, parts.sources, services_.clock.now()));
}

void Roster::retire_sinks(const Parts& parts) {
  auto out = take_out(sinks_, parts.sinks, services_.clock.now());
  for (const auto& one : out) {
    const auto& name = one.part->identity.name;
    const bool follows = std::any_of(parts.sinks.begin(), parts.sinks.end(),
                                     [&](const SinkPart& part) { return part.name == name; });
    if (!follows && services_.watch != nullptr) services_.watch->remove_sink(name);
  }
  append(retired_sinks_, std::move(out));
}

void Roster::tell_who_holds_the_queue() {
  for (const auto& sink : services_.queue.status().sinks) {
    const bool configured = std::any_of(sinks_.begin(), sinks_.end(), [&](const auto& one) {
      return one->identity.name == sink.name;
    });
    if (configured) continue;
    services_.log.warn(sink.name,
                       "this sink is not configured any more, but the queue keeps its events",
                       {{"pending_events", sink.pending_events},
                        {"fix", "cdviz-collector queue release " + sink.name}});
  }
}

void Roster::reap() {
  // Destroyed without the lock, on this thread.
  std::vector<Retired<RunningSource>> ended_sources;
  std::vector<Retired<RunningSink>> ended_sinks;
  const std::lock_guard lock(mutex_);
  take_ended(retired_sources_, ended_sources);
  take_ended(retired_sinks_, ended_sinks);
  for (const auto& one : retired_sources_) {
    if (services_.clock.now() - one.since >= kRetireGrace) one.part->runner.cancel_deliveries();
  }
}

bool Roster::has_leaving_sources() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(retired_sources_.begin(), retired_sources_.end(),
                     [](const auto& one) { return !one.part->worker.has_ended(); });
}

void Roster::stop_sources() {
  const std::lock_guard lock(mutex_);
  for (const auto& one : sources_) one->stop();
}

void Roster::drain_sinks() {
  const std::lock_guard lock(mutex_);
  for (const auto& one : sinks_) one->dispatcher.drain();
}

void Roster::finish_sinks() {
  const std::lock_guard lock(mutex_);
  for (const auto& one : sinks_) one->dispatcher.finish();
}

void Roster::stop_sinks() {
  const std::lock_guard lock(mutex_);
  for (const auto& one : sinks_) one->stop();
}

std::vector<std::pair<std::string, std::stop_token>> Roster::ends_of_sources() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::stop_token>> ends;
  collect_ends(sources_, retired_sources_, ends);
  return ends;
}

std::vector<std::pair<std::string, std::stop_token>> Roster::ends_of_sinks() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::stop_token>> ends;
  collect_ends(sinks_, retired_sinks_, ends);
  return ends;
}

void Roster::clear() {
  const std::lock_guard lock(mutex_);
  sources_.clear();
  retired_sources_.clear();
  sinks_.clear();
  retired_sinks_.clear();
}

std::vector<ComponentStatus> Roster::status() const {
  std::unordered_map<std::string, std::uint64_t> pending;
  for (const auto& sink : services_.queue.status().sinks) pending[sink.name] = sink.pending_events;
  const std::lock_guard lock(mutex_);
  std::vector<ComponentStatus> list;
  for (const auto& one : sources_) {
    auto [state, error] = one->runner.health().get();
    const SourceBalance& b = one->balance;
    list.push_back({.name = one->identity.name,
                    .type = one->identity.type,
                    .is_sink = false,
                    .state = state,
                    .last_error = std::move(error),
                    .received = value_of(b.received),
                    .queued = value_of(b.accepted),
                    .with_violations = value_of(b.with_violations),
                    .filtered = value_of(b.filtered),
                    .refused = b.rejected.total()});
  }
  for (const auto& one : sinks_) {
    auto [state, error] = one->dispatcher.health().get();
    list.push_back({.name = one->identity.name,
                    .type = one->identity.type,
                    .is_sink = true,
                    .state = state,
                    .last_error = std::move(error),
                    .filtered = value_of(one->balance.filtered),
                    .delivered = value_of(one->balance.sent),
                    .rejected = one->balance.dead_letters.total(),
                    .pending = pending[one->identity.name]});
  }
  return list;
}

Addressees::SourceEntry Roster::find_source(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const auto& one : sources_) {
    if (one->identity.name == name) return {one->intake, &one->balance};
  }
  return {};
}

bool Roster::has_sink(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(sinks_.begin(), sinks_.end(),
                     [&](const auto& one) { return one->identity.name == name; });
}

}  // namespace cdviz::pipeline
