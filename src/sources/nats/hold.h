// The messages that JetStream has delivered and we have not answered yet, in the order they came:
// those that wait, and the one batch that is on its way to the disk. No I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nats/jetstream.h"
#include "nats/mailbox.h"

namespace cdviz::sources::nats {

struct Held {
  using Time = std::chrono::steady_clock::time_point;
  cdviz::nats::Incoming incoming;
  cdviz::nats::Delivery delivery;
  Time told;                     ///< when the server last heard of it: its ack wait runs from there
  std::uint64_t generation = 0;  ///< of the consumer: Hold's own
};

/// Not thread-safe.
class Hold {
 public:
  using Time = Held::Time;

  /// @returns false if it is held already, delivered again: then its newer answer address is kept
  bool add(cdviz::nats::Incoming incoming, cdviz::nats::Delivery delivery, Time now);

  /// Takes the oldest that wait as the batch; at least one if any waits and no batch is under way.
  std::span<const Held> begin_batch(std::size_t messages_max, std::size_t bytes_max);
  /// Only the first `count` of the batch are under way; the others wait again, before the rest.
  void shorten_batch(std::size_t count);
  /// The batch was not taken or not stored: it waits again, before the others.
  void return_batch();
  /// The batch is stored. @returns it
  std::vector<Held> end_batch();
  bool batch_under_way() const { return !batch_.empty(); }

  /// Those whose server has not heard of them for `interval`; marks them as told at `now`.
  /// @returns where to answer
  std::vector<std::string> untold(Time now, std::chrono::milliseconds interval);
  /// The consumer is another one now, perhaps of another stream with the same sequences: nobody
  /// wants an answer for what is held, and what comes is new. Clears the answer addresses.
  void orphan();
  /// Gives up all that wait. @returns them, oldest first
  std::deque<Held> release();

  std::size_t size() const { return waiting_.size() + batch_.size(); }
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;  // generation, sequence in the stream
  static Key key_of(const Held& held) { return {held.generation, held.delivery.sequence}; }
  Held* find(const Key& key);
  void forget(const Held& held);

  std::deque<Held> waiting_;
  std::vector<Held> batch_;
  std::set<Key> known_;
  std::size_t bytes_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace cdviz::sources::nats
