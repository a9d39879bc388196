#include "pipeline/delivery_watch.h"

#include <algorithm>
#include <utility>

namespace cdviz::pipeline {
namespace {

const Error kClosing{Fault::retry, "closed before every sink had the events; they are in the queue",
                     "closing"};

void call(const std::vector<DeliveryWatch::Done>& all, const Result<void>& result) {
  for (const auto& done : all) done(result);
}

}  // namespace

void DeliveryWatch::add_sink(const std::string& sink, queue::Position cursor) {
  const std::lock_guard lock(mutex_);
  // One that runs already may be ahead of what the queue has noted.
  auto& known = cursors_.try_emplace(sink, cursor).first->second;
  known = std::max(known, cursor);
}

void DeliveryWatch::remove_sink(const std::string& sink) {
  std::vector<Done> ready;
  {
    const std::lock_guard lock(mutex_);
    cursors_.erase(sink);
    ready = take_delivered();
  }
  call(ready, {});
}

void DeliveryWatch::delivered(const std::string& sink, queue::Position cursor) {
  std::vector<Done> ready;
  {
    const std::lock_guard lock(mutex_);
    const auto at = cursors_.find(sink);
    if (at == cursors_.end() || at->second >= cursor) return;
    at->second = cursor;
    ready = take_delivered();
  }
  call(ready, {});
}

std::vector<DeliveryWatch::Done> DeliveryWatch::take_delivered() {
  auto end = waiters_.end();
  if (!cursors_.empty()) {
    const auto slowest = std::min_element(cursors_.begin(), cursors_.end(),
                                          [](auto& a, auto& b) { return a.second < b.second; });
    end = waiters_.upper_bound(slowest->second);
  }
  std::vector<Done> ready;
  for (auto at = waiters_.begin(); at != end; ++at) ready.push_back(std::move(at->second.done));
  waiters_.erase(waiters_.begin(), end);
  return ready;
}

DeliveryWatch::Place DeliveryWatch::reserve(bool wait, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto has_place = [this] { return places_taken_ < waiters_max_; };
  if (wait) place_free_.wait(lock, stop, has_place);
  if (!has_place()) return nullptr;
  ++places_taken_;
  return {static_cast<void*>(this), [this](void*) {
            const std::lock_guard give_back(mutex_);
            --places_taken_;
            place_free_.notify_one();
          }};
}

void DeliveryWatch::await(queue::Position position, const void* owner, Done done) {
  std::unique_lock lock(mutex_);
  if (closed_) {
    lock.unlock();
    return done(kClosing);
  }
  waiters_.emplace(position, Waiter{owner, std::move(done)});
  const auto ready = take_delivered();
  lock.unlock();
  call(ready, {});
}

void DeliveryWatch::cancel(const void* owner) {
  std::vector<Done> failed;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = waiters_.begin(); at != waiters_.end();) {
      if (at->second.owner != owner) {
        ++at;
        continue;
      }
      failed.push_back(std::move(at->second.done));
      at = waiters_.erase(at);
    }
  }
  call(failed, kClosing);
}

void DeliveryWatch::close() {
  std::vector<Done> failed;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (auto& [position, waiter] : waiters_) failed.push_back(std::move(waiter.done));
    waiters_.clear();
  }
  call(failed, kClosing);
}

}  // namespace cdviz::pipeline
