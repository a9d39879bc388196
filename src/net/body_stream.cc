#include "net/body_stream.h"

#include <utility>

namespace cdviz::net {

/// With the mutex held.
void BodyStream::append(std::string_view bytes) {
  const bool first = bytes_.empty();
  bytes_ += bytes;
  ++writes_;
  if (first && wake_) wake_();
}

bool BodyStream::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (gone_ || ended_ || !has_room(bytes.size())) return false;
  if (!bytes.empty()) append(bytes);
  return true;
}

bool BodyStream::write(std::string_view bytes, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const bool ready =
      room_.wait_for(lock, timeout, [&] { return gone_ || ended_ || has_room(bytes.size()); });
  if (!ready || gone_ || ended_) return false;
  if (!bytes.empty()) append(bytes);
  return true;
}

void BodyStream::end() {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = true;
  if (wake_) wake_();
  room_.notify_all();
}

void BodyStream::fail() {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = true;
  failed_ = true;
  if (wake_) wake_();
  room_.notify_all();
}

bool BodyStream::gone() const {
  const std::lock_guard lock(mutex_);
  return gone_;
}

void BodyStream::attach(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

BodyStream::Taken BodyStream::take() {
  const std::lock_guard lock(mutex_);
  Taken taken{std::exchange(bytes_, {}), ended_ && !failed_, failed_};
  writes_ = 0;
  room_.notify_all();
  return taken;
}

void BodyStream::abandon() {
  const std::lock_guard lock(mutex_);
  gone_ = true;
  bytes_ = {};
  wake_ = nullptr;
  room_.notify_all();
}

}  // namespace cdviz::net
