#include "sources/kafka/ledger.h"

#include <algorithm>

namespace cdviz::sources::kafka {

void Ledger::assign(const Partition& partition, std::optional<std::int64_t> group) {
  Stay stay{.number = ++stays_begun_};
  stay.committed = stay.marked_committed = group.value_or(-1);
  stays_.insert_or_assign(partition, stay);
}

void Ledger::placed_at(const Partition& partition, std::int64_t next) {
  const auto found = stays_.find(partition);
  if (found == stays_.end()) return;
  Stay& stay = found->second;
  stay.read = stay.taken = stay.on_disk = next;
}

void Ledger::stop_reading(const Partition& partition) {
  const auto found = stays_.find(partition);
  if (found == stays_.end()) return;
  found->second.leaving = true;
  found->second.read = found->second.taken;
}

void Ledger::release(const Partition& partition) { stays_.erase(partition); }

std::vector<Partition> Ledger::partitions() const {
  std::vector<Partition> all;
  all.reserve(stays_.size());
  for (const auto& [partition, stay] : stays_) all.push_back(partition);
  return all;
}

bool Ledger::read(const Partition& partition, std::int64_t offset, std::uint64_t digest) {
  const auto found = stays_.find(partition);
  if (found == stays_.end() || found->second.leaving) return false;
  Stay& stay = found->second;
  if (offset < stay.read) {  // the log was cut or made anew, and is read from further ahead
    stay = Stay{.number = ++stays_begun_};
  }
  if (stay.read < 0) stay.floor = stay.taken = stay.on_disk = offset;  // what is before is not ours
  stay.read = offset + 1;  // what lies between is no record: compacted, or of a transaction
  stay.last = digest;
  return true;
}

Ledger::Flight Ledger::take() {
  Flight flight;
  for (auto& [partition, stay] : stays_) {
    const bool alone = stay.taken == stay.on_disk;
    if (!stay.has_records() && !(alone && stay.has_mark())) continue;
    Flight::Part part{partition, stay.number, stay.taken, std::max(stay.taken, stay.read),
                      stay.last};
    if (alone && stay.has_records()) {
      part.mark = Mark{.next = stay.read, .committed = stay.committed, .last = stay.last};
    } else if (stay.has_mark()) {
      part.mark = stay.mark_on_disk();
    }
    if (part.mark) stay.marked(*part.mark);
    stay.taken = part.end;
    flight.parts.push_back(std::move(part));
  }
  return flight;
}

bool Ledger::has_something(bool marks) const {
  for (const auto& [partition, stay] : stays_) {
    if (stay.has_records() || (marks && stay.has_mark() && stay.taken == stay.on_disk)) return true;
  }
  return false;
}

void Ledger::stored(const Flight& flight) {
  for (const auto& part : flight.parts) {
    const auto found = stays_.find(part.partition);
    if (found == stays_.end() || found->second.number != part.stay || part.begin == part.end) {
      continue;
    }
    Stay& stay = found->second;
    stay.islands[part.begin] = {part.end, part.last};
    for (auto next = stay.islands.find(stay.on_disk); next != stay.islands.end();
         next = stay.islands.find(stay.on_disk)) {
      stay.on_disk = next->second.end;
      stay.last_on_disk = next->second.last;
      stay.islands.erase(next);
    }
  }
}

std::vector<Ledger::Offset> Ledger::to_commit() const {
  std::vector<Offset> offsets;
  for (const auto& [partition, stay] : stays_) {
    if (stay.on_disk > std::max(stay.committed, stay.floor)) {
      offsets.push_back({partition, stay.on_disk});
    }
  }
  return offsets;
}

void Ledger::committed(const Partition& partition, std::int64_t next) {
  const auto found = stays_.find(partition);
  if (found != stays_.end() && next > found->second.committed) found->second.committed = next;
}

std::optional<Mark> Ledger::due_mark(const Partition& partition) const {
  const auto found = stays_.find(partition);
  if (found == stays_.end() || !found->second.has_mark()) return std::nullopt;
  return found->second.mark_on_disk();
}

std::optional<std::int64_t> Ledger::position(const Partition& partition) const {
  const auto found = stays_.find(partition);
  if (found == stays_.end() || found->second.read < 0) return std::nullopt;
  return found->second.read;
}

}  // namespace cdviz::sources::kafka
