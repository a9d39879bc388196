#include "sources/nats/hold.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cdviz::sources::nats {

Held* Hold::find(const Key& key) {
  const auto is_it = [&](const Held& held) { return key_of(held) == key; };
  if (const auto found = std::ranges::find_if(waiting_, is_it); found != waiting_.end()) {
    return &*found;
  }
  const auto found = std::ranges::find_if(batch_, is_it);
  return found != batch_.end() ? &*found : nullptr;
}

bool Hold::add(cdviz::nats::Incoming incoming, cdviz::nats::Delivery delivery, Time now) {
  Held held{std::move(incoming), std::move(delivery), now, generation_};
  const Key key = key_of(held);
  if (!known_.insert(key).second) {
    // Looked for one by one: it is rare that a message comes again while it is held.
    if (Held* same = find(key); same != nullptr) {
      same->incoming.reply = std::move(held.incoming.reply);
      same->delivery = std::move(held.delivery);
      same->told = now;
    }
    return false;
  }
  bytes_ += held.incoming.body.size();
  waiting_.push_back(std::move(held));
  return true;
}

std::span<const Held> Hold::begin_batch(std::size_t messages_max, std::size_t bytes_max) {
  if (!batch_.empty()) return {};
  std::size_t bytes = 0;
  while (!waiting_.empty() && batch_.size() < messages_max) {
    bytes += waiting_.front().incoming.body.size();
    if (!batch_.empty() && bytes > bytes_max) break;
    batch_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch_;
}

void Hold::shorten_batch(std::size_t count) {
  if (count >= batch_.size()) return;
  const auto rest = batch_.begin() + static_cast<std::ptrdiff_t>(count);
  waiting_.insert(waiting_.begin(), std::move_iterator(rest), std::move_iterator(batch_.end()));
  batch_.erase(rest, batch_.end());
}

void Hold::return_batch() { shorten_batch(0); }

std::vector<Held> Hold::end_batch() {
  for (const Held& held : batch_) forget(held);
  return std::exchange(batch_, {});
}

std::vector<std::string> Hold::untold(Time now, std::chrono::milliseconds interval) {
  std::vector<std::string> replies;
  const auto look = [&](Held& held) {
    if (held.incoming.reply.empty() || now - held.told < interval) return;
    held.told = now;
    replies.push_back(held.incoming.reply);
  };
  std::ranges::for_each(batch_, look);
  std::ranges::for_each(waiting_, look);
  return replies;
}

void Hold::orphan() {
  ++generation_;
  for (Held& held : batch_) held.incoming.reply.clear();
  for (Held& held : waiting_) held.incoming.reply.clear();
}

std::deque<Held> Hold::release() {
  for (const Held& held : waiting_) forget(held);
  return std::exchange(waiting_, {});
}

void Hold::forget(const Held& held) {
  known_.erase(key_of(held));
  bytes_ -= held.incoming.body.size();
}

}  // namespace cdviz::sources::nats
