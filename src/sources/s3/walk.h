// Goes through a listing and the ledger side by side, both in the order of their keys: what is new
// or changed, and what has vanished, in memory for a page of each however large the bucket is.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aws/bucket.h"
#include "core/inlet.h"

namespace cdviz::sources::s3 {

/// One key that is listed, in the ledger, or both.
struct Step {
  std::string key;
  std::optional<aws::ListedObject> object = {};  ///< nothing: it is not listed
  std::optional<std::string> entry = {};         ///< nothing: it is not in the ledger
};

/// One walk; not thread-safe.
class Walk {
 public:
  /// @param bucket, inlet  outlive the walk
  /// @param page           keys of one request, and entries of one look at the ledger
  Walk(aws::Bucket& bucket, const Inlet& inlet, std::string prefix,
       unsigned page = aws::Bucket::kPage);

  /// The next step. @returns nothing when all was seen; an error of the store or the ledger: the
  /// same call may work later
  Result<std::optional<Step>> next(const std::stop_token& stop);

  /// Objects listed so far.
  std::uint64_t listed() const { return listed_; }
  /// Stores whose listings have no order (directory buckets) cannot tell what has vanished.
  bool is_ordered() const { return ordered_; }

 private:
  Result<void> fill_objects(const std::stop_token& stop);
  Result<void> fill_entries();
  Step take_object();
  Result<std::optional<Step>> next_unordered();

  aws::Bucket& bucket_;
  const Inlet& inlet_;
  const std::string prefix_;
  const unsigned page_;
  std::deque<aws::ListedObject> objects_;
  std::string token_;
  bool listed_all_ = false;
  std::string last_key_;
  std::deque<Checkpoint::Entry> entries_;
  std::string last_entry_;
  bool entries_all_ = false;
  bool ordered_ = true;
  std::uint64_t listed_ = 0;
};

}  // namespace cdviz::sources::s3
