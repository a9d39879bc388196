// What came from the server, on its way from a thread of libnats to ours.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>

#include "core/headers.h"

namespace cdviz::nats {

/// A message as it came.
struct Incoming {
  std::string subject;  ///< of a message without a sender's subject: the inbox it came to
  std::string reply;    ///< where an answer is expected; empty: nowhere
  std::string body;
  Headers headers = {};          ///< names and values as they came
  int status = 0;                ///< of an inline status (100, 404, 408, 409, 503); 0: a message
  std::string status_text = {};  ///< the server's words for it
};

/// A bounded queue. Safe to call from any thread.
class Mailbox {
 public:
  Mailbox(std::size_t messages_max, std::size_t bytes_max)
      : messages_max_(messages_max), bytes_max_(bytes_max) {}

  /// Waits while it is full (one message always fits), so that libnats holds back what comes next.
  /// Drops the message when the mailbox is closed.
  void put(Incoming message);
  /// Ends a take() that waits, with what there is.
  void wake();
  /// From now put() drops and does not wait.
  void close();

  /// All there is. Waits for the first message until `wait` is over, wake() was called or `stop` is
  /// requested.
  std::deque<Incoming> take(std::chrono::milliseconds wait, const std::stop_token& stop);

 private:
  const std::size_t messages_max_;
  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable_any filled_;
  std::condition_variable emptied_;
  std::deque<Incoming> messages_;
  std::size_t bytes_ = 0;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace cdviz::nats
