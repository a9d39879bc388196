// An inlet for tests that keeps what it gets; it is full, fails or answers late when told to.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/inlet.h"
#include "net/routes.h"

namespace cdviz::sources::nats {

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "no server here"}; }
};

/// Safe to call from any thread.
class TestInlet final : public Inlet {
 public:
  /// Refuses messages whose body begins with this.
  static constexpr std::string_view kPoison = "poison";

  bool put(std::vector<Message> batch, Checkpoint, Settled settled) override {
    return offer(std::move(batch), std::move(settled)) == Offered::taken;
  }
  Offered offer(std::vector<Message> batch, Settled settled) override {
    std::unique_lock lock(mutex_);
    ++offers_;
    largest_ = std::max(largest_, batch.size());
    changed_.notify_all();
    if (full_) return Offered::full;
    Receipt receipt;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].body.starts_with(kPoison) || !batch[i].problems.empty()) {
        receipt.refused.push_back({i, {{"", "json", "not JSON"}}});
      } else {
        receipt.accepted.push_back({.index = i, .id = {}, .source = {}});
      }
    }
    if (holding_) {
      waiting_.push_back([this, batch = std::move(batch), settled = std::move(settled),
                          receipt = std::move(receipt)]() mutable {
        keep(std::move(batch));
        settled(std::move(receipt));
      });
      return Offered::taken;
    }
    if (failing_ > 0) {
      --failing_;
      lock.unlock();
      settled(Error{Fault::retry, "no disk", "disk"});
      return Offered::taken;
    }
    lock.unlock();
    keep(std::move(batch));
    settled(std::move(receipt));
    return Offered::taken;
  }
  Result<std::optional<std::string>> checkpoint(std::string_view) const override {
    return std::optional<std::string>();
  }

  void set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }
  void fail_next(int times) {
    const std::lock_guard lock(mutex_);
    failing_ = times;
  }
  /// Takes, and does not answer until let_go().
  void hold() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }
  void let_go() {
    std::deque<std::function<void()>> waiting;
    {
      const std::lock_guard lock(mutex_);
      holding_ = false;
      waiting.swap(waiting_);
    }
    for (auto& one : waiting) one();
  }

  /// Waits until there are `count` messages. @returns all there are
  std::vector<Message> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return messages_.size() >= count; });
    return messages_;
  }
  void wait_for_offers(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return offers_ >= count; });
  }
  /// Most messages that came at once.
  std::size_t largest() {
    const std::lock_guard lock(mutex_);
    return largest_;
  }
  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    for (const Message& message : messages_) all.push_back(message.body);
    return all;
  }

 private:
  void keep(std::vector<Message> batch) {
    const std::lock_guard lock(mutex_);
    for (Message& message : batch) messages_.push_back(std::move(message));
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Message> messages_;
  std::deque<std::function<void()>> waiting_;
  std::size_t offers_ = 0;
  std::size_t largest_ = 0;
  int failing_ = 0;
  bool full_ = false;
  bool holding_ = false;
};

}  // namespace cdviz::sources::nats
