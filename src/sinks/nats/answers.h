// The answers of JetStream to a batch of messages that were published one behind the other.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "nats/mailbox.h"

namespace cdviz::sinks::nats {

/// Answers come to "<inbox>.<batch>.<index>"; those to an earlier batch are passed over. Safe to
/// call from any thread.
class Answers {
 public:
  explicit Answers(std::string inbox) : inbox_(std::move(inbox)) {}

  const std::string& inbox() const { return inbox_; }
  /// From now the answers to `count` messages are expected.
  void begin(std::size_t count);
  /// Where message `index` of the batch is answered.
  std::string reply_to(std::size_t index) const;
  void take(const cdviz::nats::Incoming& answer);
  /// Ends wait(): the connection is of no use any more.
  void give_up();

  /// Waits until every message is answered, however: what follows one that failed is answered too.
  /// @returns the worst of the answers: stop before reject before retry; Fault::retry when
  /// `timeout`
  ///          is over, give_up() was called or `stop` is requested
  Result<void> wait(std::chrono::milliseconds timeout, const std::stop_token& stop);
  /// Messages of the batch that the stream had already.
  std::size_t duplicates() const;

 private:
  const std::string inbox_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t batch_ = 0;
  std::vector<bool> answered_;
  std::size_t missing_ = 0;
  std::size_t duplicates_ = 0;
  std::optional<Error> worst_;
  bool given_up_ = false;
};

}  // namespace cdviz::sinks::nats
