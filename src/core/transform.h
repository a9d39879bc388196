// What changes, drops or multiplies messages between a source and the queue, or between the queue
// and a sink.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/message.h"
#include "core/result.h"

namespace cdviz {

/// What became of a message: none (filtered), one, or many.
struct Transformed {
  std::vector<Message> messages = {};
  /// Why there is none, for the sender: "the run goes on".
  std::string reason = {};
};

/// A pure function, safe to call from several threads.
struct Transform {
  virtual ~Transform() = default;
  /// @returns Fault::reject when the message cannot be transformed: its code is the rule of the
  /// dead letter ("transform", "refused", …), its message says where and why
  virtual Result<Transformed> apply(Message message) const = 0;
};

using Transforms = std::vector<std::unique_ptr<Transform>>;

/// Each transform on everything that came out of the one before it. What a transform throws is its
/// failure. At most limits::kBatchEvents messages come out.
Result<Transformed> apply_all(std::span<const std::unique_ptr<Transform>> chain, Message message);

}  // namespace cdviz
