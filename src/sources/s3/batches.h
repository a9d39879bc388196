// From objects to batches for the inlet: one is on its way to the disk while the next is filled. An
// object's entry in the ledger goes with the last of its messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/inlet.h"
#include "sources/s3/bell.h"
#include "sources/s3/candidate.h"

namespace cdviz::sources::s3 {

/// How large a batch is; one message more may go above it.
struct BatchLimits {
  std::size_t messages = 2000;
  std::size_t bytes = std::size_t{768} << 10;  ///< a batch must fit into the smallest queue
};

/// One thread at a time; the answers come on the pipeline's.
class Batches {
 public:
  /// @param inlet  outlives this and every batch  @param bell  is rung when a batch was answered
  Batches(Inlet& inlet, BatchLimits limits, std::shared_ptr<Bell> bell);

  /// A message of the object that is being taken apart.
  void add(Message message);
  /// Sets (or removes) an entry of the ledger with the batch that is being filled.
  void note(std::string key, std::optional<std::string> value);
  /// All of the object was added: `candidate` comes from take_settled() when it is on disk.
  void end(Candidate candidate);

  bool is_full() const { return messages_.size() >= limits_.messages || bytes_ >= limits_.bytes; }
  bool is_empty() const { return messages_.empty() && entries_.empty() && ended_.empty(); }
  /// Whether a batch is on its way to the disk.
  bool is_under_way() const;

  /// Hands over what there is, when the batch before was answered: waits for that. The inlet waits
  /// while the queue is full.
  /// @returns false when `stop` was requested, the pipeline closes, or a batch has failed
  bool flush(const std::stop_token& stop);
  /// What is on disk since the last call.
  std::vector<Candidate> take_settled();
  /// A batch could not be stored: the run has to end and begin again.
  std::optional<Error> failure() const;
  bool closed() const { return closed_; }
  /// Waits until nothing is under way. @returns false when something still is
  bool wait_until_settled(std::chrono::milliseconds at_most, const std::stop_token& stop);

 private:
  struct Shared {
    std::mutex mutex;
    bool under_way = false;
    std::vector<Candidate> settled;
    std::optional<Error> failure;
  };

  Inlet& inlet_;
  const BatchLimits limits_;
  const std::shared_ptr<Bell> bell_;
  const std::shared_ptr<Shared> shared_;  ///< also of the batch that may be under way at the end
  std::vector<Message> messages_;
  std::vector<Checkpoint::Entry> entries_;
  std::vector<Candidate> ended_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace cdviz::sources::s3
