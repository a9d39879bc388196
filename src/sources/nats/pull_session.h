// What a run of the pull source works with: a connection and what belongs to it, and what came of
// the batch under way. pull_source.cc only.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/inlet.h"
#include "nats/connection.h"
#include "nats/jetstream.h"
#include "nats/mailbox.h"
#include "sources/nats/hold.h"
#include "sources/nats/pulls.h"

namespace cdviz::sources::nats {

/// With more held no new request is made.
inline constexpr std::size_t kHeldBytes = std::size_t{8} * 1024 * 1024;

/// What became of the batch under way: from the queue's thread to ours.
class Outcome {
 public:
  void set(Result<Receipt> result) {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    if (mailbox_ != nullptr) mailbox_->wake();
  }
  std::optional<Result<Receipt>> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(result_, std::nullopt);
  }
  void wakes(cdviz::nats::Mailbox* mailbox) {
    const std::lock_guard lock(mutex_);
    mailbox_ = mailbox;
  }

 private:
  std::mutex mutex_;
  std::optional<Result<Receipt>> result_;
  cdviz::nats::Mailbox* mailbox_ = nullptr;
};

/// A connection and what belongs to it.
struct Session {
  explicit Session(std::size_t in_flight_max)
      : mailbox(2 * in_flight_max + 100, 4 * kHeldBytes),
        inbox(cdviz::nats::Connection::new_inbox()) {}
  cdviz::nats::Mailbox mailbox;
  const std::string inbox;
  std::unique_ptr<cdviz::nats::Connection> connection;
  std::unique_ptr<cdviz::nats::Subscription> confirmations;  ///< to <inbox>.ack.*
  std::unique_ptr<cdviz::nats::Subscription> deliveries;     ///< to <inbox>.pull.*
  cdviz::nats::Consumer consumer;
  Pulls pulls;
  bool look_again = false;
  bool one_alone = false;  ///< the next message is larger than a request allows
  Held::Time not_before = {};
};

}  // namespace cdviz::sources::nats
