// The messages of an SQS queue, while we work on them: fetched by long polls, kept invisible to
// others however long that takes, and deleted when somebody says that they are done.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "aws/sqs.h"
#include "core/clock.h"
#include "sources/s3/bell.h"

namespace cdviz::sources::s3 {

struct Letter {
  std::uint64_t number = 0;  ///< for done() and give_back(); never 0
  std::string body = {};
  unsigned receives = 1;  ///< how often it was delivered
};

struct InboxSettings {
  std::chrono::seconds visibility{120};
  std::chrono::seconds wait{20};  ///< of a long poll
  std::size_t held_max = 100;     ///< messages that we work on
};

/// Two threads of its own: one waits for messages, one extends and deletes.
class Inbox {
 public:
  using MakeSqs = std::function<std::unique_ptr<aws::Sqs>()>;

  /// @param make_sqs  called once on each of the two threads
  /// @param bell      is rung when there is a message, and when something failed
  /// @param clock     outlives the inbox
  Inbox(InboxSettings settings, MakeSqs make_sqs, std::shared_ptr<Bell> bell, const Clock& clock);
  /// What is done is deleted and the rest given back to the queue, as far as that works within two
  /// seconds.
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Safe to call from any thread:
  /// The next message, if there is one.
  std::optional<Letter> take();
  /// It is not needed any more: deletes it from the queue.
  void done(std::uint64_t number);
  /// The queue delivers it again after `pause`, to anybody.
  void give_back(std::uint64_t number, std::chrono::seconds pause);
  /// The queue does not answer, or not to us: nothing more comes from here.
  std::optional<Error> failure() const;
  std::size_t held() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cdviz::sources::s3
