// What changes, drops or multiplies messages between a source and the queue.
#pragma once

#include <vector>

#include "core/message.h"
#include "core/result.h"

namespace cdviz {

/// A pure function, safe to call from several threads.
struct Transform {
  virtual ~Transform() = default;
  /// @returns none (filtered), one, or many messages; Fault::reject when the script failed on this
  /// message
  virtual Result<std::vector<Message>> apply(Message message) const = 0;
};

}  // namespace cdviz
