#include "nats/mailbox.h"

#include <utility>

namespace cdviz::nats {

void Mailbox::put(Incoming message) {
  std::unique_lock lock(mutex_);
  const std::size_t bytes = message.body.size();
  emptied_.wait(lock, [&] {
    return closed_ || messages_.empty() ||
           (messages_.size() < messages_max_ && bytes_ + bytes <= bytes_max_);
  });
  if (closed_) return;
  bytes_ += bytes;
  messages_.push_back(std::move(message));
  filled_.notify_one();
}

void Mailbox::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  filled_.notify_one();
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  emptied_.notify_all();
  filled_.notify_all();
}

std::deque<Incoming> Mailbox::take(std::chrono::milliseconds wait, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  filled_.wait_for(lock, stop, wait, [&] { return woken_ || closed_ || !messages_.empty(); });
  woken_ = false;
  bytes_ = 0;
  auto all = std::exchange(messages_, {});
  emptied_.notify_all();
  return all;
}

}  // namespace cdviz::nats
