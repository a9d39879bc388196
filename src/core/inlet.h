// The way into the pipeline, as a source sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/message.h"
#include "core/problem.h"
#include "core/result.h"

namespace cdviz {

/// What became of each message of a batch. `index` counts the messages as they were given.
struct Receipt {
  /// Violations of accepted events that a receipt tells in full: it is held in memory until the
  /// batch is settled.
  static constexpr std::size_t kViolations = 1000;

  struct Accepted {
    std::size_t index;
    std::string id;      ///< context.id
    std::string source;  ///< context.source
    /// What was noticed in it, for the sender to learn from; all of it is in event.notes. At most
    /// kViolations for all events of a batch.
    std::vector<Problem> violations = {};
    std::size_t more_violations = 0;                ///< that are not in `violations`
    std::vector<std::string_view> normalised = {};  ///< the steps: fixed words, living for ever
  };
  struct Refused {
    std::size_t index;
    std::vector<Problem> problems;  ///< at least one
    std::string id = {};            ///< context.id and context.source, if they could be read:
    std::string source = {};        ///< so that the answer can name the event
  };
  struct Filtered {
    std::size_t index;
    std::string reason;
  };
  std::vector<Accepted> accepted;  ///< on disk (or, with confirm = "delivered", in every sink)
  std::vector<Refused> refused;    ///< in the dead letters, with the original bytes
  std::vector<Filtered> filtered;  ///< dropped by a rule that the user wrote
};

/// What became of a batch: a Receipt when it is on disk, or (with confirm = "delivered") when every
/// sink has it; an Error when it could not be stored: nothing of it was kept, the caller may try
/// again.
using Settled = std::function<void(const Result<Receipt>&)>;

/// How far a source has read: entries to set (or, without a value, to remove), committed with the
/// events they cover. Keys are the source's own; the pipeline keeps the sources apart.
struct Checkpoint {
  struct Entry {
    std::string key;
    std::optional<std::string> value;
  };
  std::vector<Entry> entries;
};

/// Why a batch was not taken.
enum class Offered : std::uint8_t {
  taken,   ///< `settled` will be called, exactly once
  full,    ///< the queue is full or the disk is: ask the sender to come again (HTTP 503); `settled`
           ///< is not called
  closed,  ///< the pipeline is closing; `settled` is not called
};

/// The way into the pipeline for one source. Safe to call from any thread.
struct Inlet {
  virtual ~Inlet() = default;

  /// Transforms, normalises, validates, and queues `batch` with `checkpoint` in one transaction.
  /// Waits while the queue is full: that wait is our backpressure. A batch that is larger than the
  /// whole queue is stored in several transactions, the checkpoint in the last one; an event that
  /// never fits is refused, and becomes a dead letter.
  /// @param settled  called exactly once, on a thread of the pipeline (or on this one when nothing
  /// had to be written):
  ///                 return quickly, never throw
  /// @returns false if the pipeline is closing: nothing taken, and `settled` is not called
  virtual bool put(std::vector<Message> batch, Checkpoint checkpoint, Settled settled) = 0;

  /// The same without waiting, for the network thread. A batch that is larger than the whole queue
  /// is settled with Fault::reject: its sender, who waits, can make it smaller.
  virtual Offered offer(std::vector<Message> batch, Settled settled) = 0;

  /// Like offer(), for a source whose sender cannot be asked to make it smaller: a batch that is
  /// larger than the whole queue is stored as put() does, on a thread of the pipeline. While that
  /// goes on another one of the kind finds the queue full.
  virtual Offered offer_in_shares(std::vector<Message> batch, Settled settled) {
    return offer(std::move(batch), std::move(settled));
  }

  /// The value that was committed last for this source under `key`.
  virtual Result<std::optional<std::string>> checkpoint(std::string_view key) const = 0;

  /// A page of what was committed for this source, for a ledger that is too large to be one value:
  /// entries whose keys begin with `prefix` and are greater than `after`, by the bytes of their
  /// keys. Entries that are committed while a caller pages may be on a later page.
  /// @param after  "" for the first page, then the last key of the page before
  /// @param max    entries of a page; fewer come on the last one
  virtual Result<std::vector<Checkpoint::Entry>> checkpoints(std::string_view prefix,
                                                             std::string_view after,
                                                             std::size_t max) const {
    static_cast<void>(prefix);
    static_cast<void>(after);
    static_cast<void>(max);
    return std::vector<Checkpoint::Entry>{};  // an inlet that remembers nothing
  }
};

}  // namespace cdviz
