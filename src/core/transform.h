// What changes, drops or multiplies messages between a source and the queue, or between the queue
// and a sink.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/inlet.h"
#include "core/message.h"
#include "core/result.h"

namespace cdviz {

struct Transform;

/// Something that a transform will remember once the message is safe: the entry is committed with
/// it, then Transform::remember is called.
struct Memo {
  const Transform* by;
  Checkpoint::Entry entry;
};

/// What became of a message: none (filtered), one, or many.
struct Transformed {
  std::vector<Message> messages = {};
  /// Why there is none, for the sender: "the run goes on".
  std::string reason = {};
  std::vector<Memo> memos = {};
};

/// A function, safe to call from several threads; pure, but for what it remembers.
struct Transform {
  virtual ~Transform() = default;
  /// What was committed last under a key of an entry, for this place in the pipeline.
  using Recall = std::function<std::optional<std::string>(const std::string&)>;
  /// Called once, before anything else, where there is a memory: at a source.
  virtual void begin(const Recall&) {}
  /// @returns Fault::reject when the message cannot be transformed: its code is the rule of the
  /// dead letter ("transform", "refused", …), its message says where and why
  virtual Result<Transformed> apply(Message message) const = 0;
  /// The entry of a memo is on disk, with what became of its message. Not called when that could
  /// not be stored: the sender will try again. On any thread; returns quickly.
  virtual void remember(const Checkpoint::Entry&) const {}
};

using Transforms = std::vector<std::unique_ptr<Transform>>;

/// Each transform on everything that came out of the one before it. What a transform throws is its
/// failure. At most limits::kBatchEvents messages come out.
Result<Transformed> apply_all(std::span<const std::unique_ptr<Transform>> chain, Message message);

}  // namespace cdviz
