#include "sources/kafka/feeder.h"

#include <map>
#include <utility>

namespace cdviz::sources::kafka {
namespace {

constexpr int kUnderWay = 2;

}  // namespace

struct Feeder::State {
  mutable std::mutex mutex;
  mutable std::condition_variable_any changed;
  Ledger ledger;
  std::map<Partition, std::vector<Message>> waiting;
  std::map<Partition, std::size_t> waiting_bytes;
  std::size_t messages = 0;
  std::size_t bytes = 0;
  /// Marks of partitions that went; before newer ones of the same partition.
  std::vector<Checkpoint::Entry> farewells;
  bool marks_wanted = false;
  int under_way = 0;
  bool closed = false;
  std::optional<Error> failure;

  bool has_work() const {
    return ledger.has_something(marks_wanted) || messages > 0 || !farewells.empty();
  }

  void forget_records(const Partition& partition) {
    if (const auto found = waiting.find(partition); found != waiting.end()) {
      messages -= found->second.size();
      bytes -= waiting_bytes[partition];
      waiting.erase(found);
      waiting_bytes.erase(partition);
    }
  }

  /// All that waits. Order between partitions is nobody's concern, within one it is kept.
  std::vector<Message> take_messages() {
    std::vector<Message> all;
    all.reserve(messages);
    for (auto& [partition, some] : waiting) {
      for (auto& message : some) all.push_back(std::move(message));
    }
    waiting.clear();
    waiting_bytes.clear();
    messages = bytes = 0;
    return all;
  }

  void settle(const Ledger::Flight& flight, const Result<Receipt>& result) {
    const std::lock_guard lock(mutex);
    --under_way;
    if (result) {
      ledger.stored(flight);
    } else {
      failure = result.error();
    }
    changed.notify_all();
  }
};

namespace {

Checkpoint checkpoint_of(std::vector<Checkpoint::Entry> entries, const Ledger::Flight& flight) {
  for (const auto& part : flight.parts) {
    if (part.mark) entries.push_back({to_string(part.partition), to_text(*part.mark)});
  }
  return {std::move(entries)};
}

}  // namespace

Feeder::Feeder(Inlet& inlet, FeederLimits limits)
    : limits_(limits),
      state_(std::make_shared<State>()),
      thread_([state = state_, &inlet](const std::stop_token& stop) { run(stop, state, inlet); }) {}

Feeder::~Feeder() = default;

void Feeder::run(const std::stop_token& stop, const std::shared_ptr<State>& state, Inlet& inlet) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, stop, [&] {
      return state->failure || (state->under_way < kUnderWay && state->has_work());
    });
    if (stop.stop_requested() || state->failure) return;
    auto messages = state->take_messages();
    auto flight = std::make_shared<const Ledger::Flight>(state->ledger.take());
    auto checkpoint = checkpoint_of(std::exchange(state->farewells, {}), *flight);
    state->marks_wanted = false;
    ++state->under_way;
    state->changed.notify_all();
    lock.unlock();
    const bool taken = inlet.put(
        std::move(messages), std::move(checkpoint),
        [state, flight](const Result<Receipt>& result) { state->settle(*flight, result); });
    lock.lock();
    if (!taken) {
      --state->under_way;
      state->closed = true;
      state->changed.notify_all();
      return;
    }
  }
}

void Feeder::assign(const Partition& partition, std::optional<std::int64_t> group) {
  const std::lock_guard lock(state_->mutex);
  state_->ledger.assign(partition, group);
}

void Feeder::placed_at(const Partition& partition, std::int64_t next) {
  const std::lock_guard lock(state_->mutex);
  state_->ledger.placed_at(partition, next);
}

void Feeder::discard(const std::vector<Partition>& partitions) {
  const std::lock_guard lock(state_->mutex);
  for (const auto& partition : partitions) {
    state_->forget_records(partition);
    state_->ledger.stop_reading(partition);
  }
  state_->changed.notify_all();
}

void Feeder::release(const std::vector<Partition>& partitions) {
  const std::lock_guard lock(state_->mutex);
  for (const auto& partition : partitions) {
    state_->forget_records(partition);
    if (const auto mark = state_->ledger.due_mark(partition)) {
      state_->farewells.push_back({to_string(partition), to_text(*mark)});
    }
    state_->ledger.release(partition);
  }
  state_->changed.notify_all();
}

void Feeder::add(const Partition& partition, std::int64_t offset, std::uint64_t digest,
                 std::vector<Message> messages, std::size_t bytes) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->ledger.read(partition, offset, digest)) return;  // it went while it was on its way
  const bool was_empty = state_->messages == 0;
  state_->messages += messages.size();
  state_->bytes += bytes;
  state_->waiting_bytes[partition] += bytes;
  auto& waiting = state_->waiting[partition];
  for (auto& message : messages) waiting.push_back(std::move(message));
  if (was_empty) state_->changed.notify_all();
}

bool Feeder::full() const {
  const std::lock_guard lock(state_->mutex);
  return state_->messages >= limits_.messages || state_->bytes >= limits_.bytes;
}

bool Feeder::wait_for_room(std::chrono::milliseconds timeout, std::stop_token stop) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, std::move(stop), timeout, [&] {
    return state_->messages < limits_.messages && state_->bytes < limits_.bytes;
  });
}

bool Feeder::wait_until_settled(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, timeout, [&] { return state_->under_way == 0; });
}

void Feeder::write_marks() {
  const std::lock_guard lock(state_->mutex);
  state_->marks_wanted = true;
  state_->changed.notify_all();
}

std::vector<Ledger::Offset> Feeder::to_commit() const {
  const std::lock_guard lock(state_->mutex);
  return state_->ledger.to_commit();
}

void Feeder::committed(const Partition& partition, std::int64_t next) {
  const std::lock_guard lock(state_->mutex);
  state_->ledger.committed(partition, next);
}

std::vector<Partition> Feeder::partitions() const {
  const std::lock_guard lock(state_->mutex);
  return state_->ledger.partitions();
}

std::optional<std::int64_t> Feeder::position(const Partition& partition) const {
  const std::lock_guard lock(state_->mutex);
  return state_->ledger.position(partition);
}

std::optional<Error> Feeder::failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failure;
}

bool Feeder::closed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->closed;
}

Checkpoint Feeder::due_marks() const {
  const std::lock_guard lock(state_->mutex);
  Checkpoint checkpoint{state_->farewells};
  for (const auto& partition : state_->ledger.partitions()) {
    if (const auto mark = state_->ledger.due_mark(partition)) {
      checkpoint.entries.push_back({to_string(partition), to_text(*mark)});
    }
  }
  return checkpoint;
}

}  // namespace cdviz::sources::kafka
