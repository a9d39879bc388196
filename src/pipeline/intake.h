// From what a source received to events and refusals: CloudEvents are unwrapped, then transform,
// parse, check. Pure: no queue, no thread.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cdevents/check.h"
#include "core/event.h"
#include "core/inlet.h"
#include "core/message.h"
#include "core/transform.h"
#include "queue/queue.h"

namespace cdviz::pipeline {

/// What became of some messages, before anything is stored. What is in `receipt` is in `events` or
/// `dead_letters` in the same order.
struct Taken {
  Receipt receipt;
  std::vector<Event> events;
  std::vector<queue::DeadLetter> dead_letters;
  std::uint64_t bytes = 0;  ///< of all messages
  std::uint64_t event_bytes_max = std::numeric_limits<std::uint64_t>::max();
  // Of the accepted events:
  std::uint64_t with_violations = 0;
  std::size_t violations_told = 0;                                    ///< in the receipt
  std::map<std::string, std::uint64_t, std::less<>> violations = {};  ///< by rule
  std::map<std::string_view, std::uint64_t> normalised = {};          ///< by step
  std::map<std::string_view, std::uint64_t> mismatches = {};          ///< by attribute
  std::vector<Memo> memos = {};  ///< of the transforms, to be committed with all this

  std::uint64_t count() const {
    return receipt.accepted.size() + receipt.filtered.size() + receipt.refused.size();
  }
};

/// Safe to call from several threads.
class Intake {
 public:
  explicit Intake(std::string source, cdevents::Rules rules = {}, Transforms transforms = {})
      : source_(std::move(source)), rules_(std::move(rules)), transforms_(std::move(transforms)) {}

  /// @param at  when the messages were received
  /// @param event_bytes_max  a larger event is refused ("too_large"), with the bytes as they came
  Taken take(std::vector<Message> messages, WallTime at,
             std::uint64_t event_bytes_max = kNoLimit) const;
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
  const std::string& source() const { return source_; }
  const Transforms& transforms() const { return transforms_; }

 private:
  /// One of the messages given; the following for what came out of it.
  void take_message(std::size_t index, Message message, WallTime at, Taken& taken) const;
  void take_transformed(std::size_t index, Message message, const Message& original,
                        bool is_cloudevent, WallTime at, Taken& taken) const;
  /// @param original  what is kept if `message` is refused; null: `message` itself
  void take_one(std::size_t index, Message message, const Message* original, WallTime at,
                Taken& taken) const;
  void accept(std::size_t index, Message message, cdevents::Checked checked, WallTime at,
              Taken& taken) const;
  void add_default_source(std::string& metadata) const;

  const std::string source_;
  const cdevents::Rules rules_;
  const Transforms transforms_;
};

/// The problems as one line for people, at most about 1 KiB: "/context/id: is missing; /subject:
/// …".
std::string describe(const std::vector<Problem>& problems);

}  // namespace cdviz::pipeline
