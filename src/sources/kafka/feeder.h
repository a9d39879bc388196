// Between the thread that polls Kafka and the inlet: records wait here while a batch is on its way
// to the disk, and become the next batch. A thread of its own waits for the inlet, so that the
// group hears of us also while the queue is full.
//
// Two batches are under way at most: one is checked while the other one is written. A mark that is
// stored with one never relies on the other, which may yet fail (ledger.h).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/inlet.h"
#include "sources/kafka/ledger.h"

namespace cdviz::sources::kafka {

/// How much waits at most; one record more may go above it.
struct FeederLimits {
  std::size_t messages = 2000;
  std::size_t bytes = std::size_t{768} << 10;  ///< a batch must fit into the smallest queue
};

/// Safe to call from any thread.
class Feeder {
 public:
  /// @param inlet  outlives the feeder and every batch given to it
  Feeder(Inlet& inlet, FeederLimits limits);
  /// Ends the thread: at once, unless the inlet keeps it waiting. What was not given to the inlet
  /// is forgotten.
  ~Feeder();
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  // ---- the partitions; see Ledger
  void assign(const Partition& partition, std::optional<std::int64_t> group);
  void placed_at(const Partition& partition, std::int64_t next);
  /// They are about to go: forgets what of them is not under way, and takes nothing more.
  void discard(const std::vector<Partition>& partitions);
  /// They are no longer ours; a mark that is due for one of them is still written.
  void release(const std::vector<Partition>& partitions);

  // ---- the records
  /// @param messages  none: there is nothing to store, but the record was read
  /// @param bytes     of the record
  void add(const Partition& partition, std::int64_t offset, std::uint64_t digest,
           std::vector<Message> messages, std::size_t bytes);
  bool full() const;
  /// @returns false when it is still full
  bool wait_for_room(std::chrono::milliseconds timeout, std::stop_token stop) const;
  /// Until nothing is under way. @returns false when something still is
  bool wait_until_settled(std::chrono::milliseconds timeout) const;
  /// Marks are written now, also without records.
  void write_marks();

  // ---- what came of it
  std::vector<Ledger::Offset> to_commit() const;
  void committed(const Partition& partition, std::int64_t next);
  std::vector<Partition> partitions() const;
  std::optional<std::int64_t> position(const Partition& partition) const;
  /// A batch could not be stored: nothing more is taken from here, all must be read again.
  std::optional<Error> failure() const;
  /// The pipeline closes: nothing more is taken.
  bool closed() const;
  /// Marks that are due, for the last word at the end of a run.
  Checkpoint due_marks() const;

 private:
  struct State;
  static void run(const std::stop_token& stop, const std::shared_ptr<State>& state, Inlet& inlet);

  const FeederLimits limits_;
  std::shared_ptr<State> state_;  ///< also of the batches that are still under way at the end
  std::jthread thread_;
};

}  // namespace cdviz::sources::kafka
