// What a source does with an object; everything else is the same for content and activity.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "aws/bucket.h"
#include "core/result.h"
#include "sources/s3/batches.h"
#include "sources/s3/candidate.h"

namespace cdviz::sources::s3 {

/// What a look at an object came to. Made on a thread of Workers, used on that of the run.
struct Looked {
  enum class Outcome : std::uint8_t {
    read,       ///< it is there: `facts`, and `bytes` of content
    gone,       ///< it is not there any more
    archived,   ///< it cannot be read until somebody restores it
    too_large,  ///< larger than it may be
    broken,     ///< `bytes` are there, but are not what they should be: `error`
    failed,     ///< the store did not give it: `error`; comes again later
  };
  Candidate candidate;
  Outcome outcome = Outcome::failed;
  std::optional<Error> error = {};
  aws::ObjectFacts facts = {};
  std::string bytes = {};
  std::string headers = {};   ///< a side object, as it is
  std::string metadata = {};  ///< a side object, as it is
};

class Handler {
 public:
  enum class Plan : std::uint8_t {
    nothing,  ///< it is known, or not meant
    look,     ///< look() at it
    finish,   ///< all of it is on disk: finish() it
  };
  virtual ~Handler() = default;

  /// As the ledger has it. May note something in the ledger itself.
  virtual Plan plan(Candidate& candidate, Batches& batches) = 0;
  /// On any thread. Sets everything but `candidate`, which it may complete.
  virtual void look(aws::Bucket& bucket, Looked& looked, const std::stop_token& stop) const = 0;
  /// Adds messages and the entry of the ledger, and ends the candidate.
  /// @returns false when it was interrupted
  virtual bool deliver(Looked looked, Batches& batches, const std::stop_token& stop) = 0;
  /// Whether there is anything to finish once an object is on disk.
  virtual bool finishes() const { return false; }
  /// On any thread: deletes or moves it.
  virtual Result<void> finish(aws::Bucket& bucket, const Candidate& candidate,
                              const std::stop_token& stop) const {
    static_cast<void>(bucket);
    static_cast<void>(candidate);
    static_cast<void>(stop);
    return {};
  }
  /// Whether an entry of the ledger is of no more use to a source that never lists.
  virtual bool may_forget(const std::string& entry) const {
    static_cast<void>(entry);
    return false;
  }
  /// A listing was gone through from its beginning to its end.
  virtual void listed(Batches& batches) { static_cast<void>(batches); }
};

}  // namespace cdviz::sources::s3
