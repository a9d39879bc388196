#include "sources/folder/feeder.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace cdviz::sources::folder {
namespace {

constexpr std::size_t kUnderWay = 3;

using Entries = std::unordered_map<FileKey, std::optional<Entry>>;

}  // namespace

/// A batch. Once it is under way it belongs to the State.
struct Feeder::Flight {
  Entries entries;    ///< of files that have a part in it
  Entries committed;  ///< those that go with it, its own or of earlier ones
  std::vector<Finished> finished;
  bool settled = false;
};

struct Feeder::State {
  mutable std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<std::shared_ptr<Flight>> under_way;  ///< in their order
  Entries due;                                    ///< true on disk, and not committed yet
  std::vector<Finished> finished;
  std::unordered_map<FileKey, Stamp> finishing;  ///< given to finished(), and not yet taken
  std::optional<Error> failure;
};

Feeder::Feeder(Inlet& inlet, FeederLimits limits)
    : inlet_(inlet),
      limits_(limits),
      next_(std::make_unique<Flight>()),
      state_(std::make_shared<State>()) {}

Feeder::~Feeder() = default;

void Feeder::add(Message message) {
  bytes_ += message.body.size() + message.metadata.size();
  messages_.push_back(std::move(message));
}

void Feeder::note(const FileKey& key, const Entry& entry) { next_->entries[key] = entry; }

void Feeder::forget(const FileKey& key) { next_->entries[key] = std::nullopt; }

void Feeder::finished(Finished file) {
  const std::lock_guard lock(state_->mutex);
  const auto [known, is_new] = state_->finishing.try_emplace(file.key, file.stamp);
  if (!is_new && known->second == file.stamp) return;
  known->second = file.stamp;
  next_->finished.push_back(std::move(file));
}

bool Feeder::full() const {
  return messages_.size() >= limits_.messages || bytes_ >= limits_.bytes ||
         next_->entries.size() >= limits_.files;
}

bool Feeder::wait_for_room(const std::stop_token& stop) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, stop,
                       [&] { return state_->failure || state_->under_way.size() < kUnderWay; });
  return !stop.stop_requested() && !state_->failure;
}

/// What may be said with this batch: how far files were read of which nothing else is under way.
Checkpoint Feeder::checkpoint_of(Flight& flight) {
  flight.committed = std::exchange(state_->due, {});
  for (const auto& [key, entry] : flight.entries) {
    bool alone = true;
    for (const auto& other : state_->under_way) alone = alone && !other->entries.contains(key);
    if (alone) flight.committed[key] = entry;
  }
  Checkpoint checkpoint;
  checkpoint.entries.reserve(flight.committed.size());
  for (const auto& [key, entry] : flight.committed) {
    checkpoint.entries.push_back(
        {to_text(key), entry ? std::optional(to_text(*entry)) : std::nullopt});
  }
  return checkpoint;
}

bool Feeder::flush(const std::stop_token& stop) {
  const bool nothing = [&] {
    const std::lock_guard lock(state_->mutex);
    return messages_.empty() && next_->entries.empty() && next_->finished.empty() &&
           (state_->due.empty() || !state_->under_way.empty());
  }();
  if (nothing) return !failure() && !closed_;
  if (closed_ || !wait_for_room(stop)) return false;
  const std::shared_ptr<Flight> flight = std::exchange(next_, std::make_unique<Flight>());
  Checkpoint checkpoint;
  {
    const std::lock_guard lock(state_->mutex);
    checkpoint = checkpoint_of(*flight);
    state_->under_way.push_back(flight);
  }
  bytes_ = 0;
  const bool taken = inlet_.put(
      std::exchange(messages_, {}), std::move(checkpoint),
      [state = state_, flight](const Result<Receipt>& result) { settle(*state, *flight, result); });
  if (!taken) {
    const std::lock_guard lock(state_->mutex);
    state_->under_way.pop_back();  // the last: nobody else adds
    closed_ = true;
  }
  return taken;
}

/// In the order in which they were handed over, whatever the order in which they are stored.
void Feeder::settle(State& state, Flight& flight, const Result<Receipt>& result) {
  const std::lock_guard lock(state.mutex);
  flight.settled = true;
  if (!result && !state.failure) state.failure = result.error();
  while (!state.under_way.empty() && state.under_way.front()->settled) {
    Flight& first = *state.under_way.front();
    if (!state.failure) {
      for (auto& [key, entry] : first.entries) {
        if (!first.committed.contains(key) || first.committed[key] != entry) {
          state.due[key] = entry;
        }
      }
      for (auto& file : first.finished) state.finished.push_back(std::move(file));
    }
    state.under_way.pop_front();
  }
  state.changed.notify_all();
}

bool Feeder::wait_until_settled(std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, timeout, [&] { return state_->under_way.empty(); }) &&
         !state_->failure;
}

bool Feeder::is_idle() const {
  const std::lock_guard lock(state_->mutex);
  return state_->under_way.empty() && state_->due.empty() && state_->finished.empty() &&
         messages_.empty() && next_->entries.empty() && next_->finished.empty();
}

std::vector<Finished> Feeder::take_finished() {
  const std::lock_guard lock(state_->mutex);
  for (const auto& file : state_->finished) {
    const auto known = state_->finishing.find(file.key);
    if (known != state_->finishing.end() && known->second == file.stamp) {
      state_->finishing.erase(known);
    }
  }
  return std::exchange(state_->finished, {});
}

std::optional<Feeder::Known> Feeder::find(const FileKey& key) const {
  const auto in = [&](const Entries& entries) -> std::optional<Known> {
    const auto found = entries.find(key);
    return found == entries.end() ? std::nullopt : std::optional(Known{found->second});
  };
  if (auto known = in(next_->entries)) return known;
  const std::lock_guard lock(state_->mutex);
  for (auto flight = state_->under_way.rbegin(); flight != state_->under_way.rend(); ++flight) {
    if (auto known = in((*flight)->entries)) return known;
  }
  if (auto known = in(state_->due)) return known;
  for (const auto& flight : state_->under_way) {  // due before, and on its way
    if (auto known = in(flight->committed)) return known;
  }
  return std::nullopt;
}

std::optional<Error> Feeder::failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failure;
}

}  // namespace cdviz::sources::folder
