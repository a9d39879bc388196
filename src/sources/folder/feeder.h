// Hands what was read to the queue: messages in batches, and with them how far each file was read.
// Some batches are under way at once. An entry of the ledger never says more than is on disk once
// it is committed: while an earlier batch is under way that has a part of the same file, and may
// yet fail, it waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/inlet.h"
#include "sources/folder/file_state.h"

namespace cdviz::sources::folder {

/// When a batch is handed over.
struct FeederLimits {
  std::size_t messages = 1000;
  std::size_t bytes = std::size_t{1} << 20U;
  std::size_t files = 1000;
};

/// A file that was read to its end, for what is to become of it.
struct Finished {
  std::string path;
  FileKey key = {};
  Stamp stamp = {};
};

/// Not thread-safe; `settled` of its batches may come on any thread, also after its end.
class Feeder {
 public:
  /// @param inlet  outlives this
  Feeder(Inlet& inlet, FeederLimits limits);
  ~Feeder();
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  void add(Message message);
  /// How far the file was read with all that was added until now.
  void note(const FileKey& key, const Entry& entry);
  /// The file is gone.
  void forget(const FileKey& key);
  /// To be given by take_finished() once all that was added until now is on disk. Once: each look
  /// at a file says it again, and a batch for each would fill the places of those under way.
  void finished(Finished file);

  bool full() const;
  /// Hands the batch over. Waits while too many are under way, and while the queue is full.
  /// @returns false when there was a failure, or the pipeline is closing
  bool flush(const std::stop_token& stop);
  /// Waits until nothing is under way. @returns false after the timeout, or after a failure
  bool wait_until_settled(std::chrono::milliseconds timeout);
  bool is_idle() const;

  std::vector<Finished> take_finished();
  /// What is known of a file and may not be committed yet; a null Entry: it was forgotten.
  struct Known {
    std::optional<Entry> entry;
  };
  std::optional<Known> find(const FileKey& key) const;

  /// A batch could not be stored: what was read since the last commit has to be read again.
  std::optional<Error> failure() const;
  bool closed() const { return closed_; }

 private:
  struct State;
  struct Flight;
  bool wait_for_room(const std::stop_token& stop);
  Checkpoint checkpoint_of(Flight& flight);
  static void settle(State& state, Flight& flight, const Result<Receipt>& result);

  Inlet& inlet_;
  const FeederLimits limits_;
  std::vector<Message> messages_;
  std::size_t bytes_ = 0;
  std::unique_ptr<Flight> next_;
  std::shared_ptr<State> state_;
  bool closed_ = false;
};

}  // namespace cdviz::sources::folder
