// An object that may have to be looked at, from a listing or a notification.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/event.h"

namespace cdviz::sources::s3 {

/// What is said to have become of it.
enum class Said : std::uint8_t {
  there,  ///< listed, created, overwritten
  gone,   ///< missing in a listing, deleted
};

struct Candidate {
  std::string key = {};  ///< empty: none, only a message that becomes a dead letter
  Said said = Said::there;
  std::string etag = {};     ///< empty: not known
  std::string version = {};  ///< empty: not known, or the bucket keeps none
  std::uint64_t size = 0;
  bool archived = false;  ///< of a listing: it cannot be read until somebody restores it
  std::optional<WallTime> modified = {};  ///< of a listing
  std::optional<WallTime> at = {};        ///< of a notification: when it happened
  std::string user = {};                  ///< of a notification: who did it
  std::optional<std::string> entry = {};  ///< of the ledger, as it was when this was looked up
  bool leave = false;                     ///< it is not deleted or moved once it is on disk
  std::uint64_t letter = 0;               ///< the message of the queue that told of it; 0: none
};

}  // namespace cdviz::sources::s3
