// For tests: an inlet that keeps what it gets, with a ledger; it holds answers or fails when told
// to.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/inlet.h"

namespace cdviz::sources::s3 {

/// Safe to call from any thread.
class TestInlet final : public Inlet {
 public:
  bool put(std::vector<Message> batch, Checkpoint checkpoint, Settled settled) override {
    std::unique_lock lock(mutex_);
    if (closed) return false;
    const auto commit = [this, batch = std::move(batch), checkpoint = std::move(checkpoint)] {
      for (const auto& message : batch) messages.push_back(message);
      for (const auto& [key, value] : checkpoint.entries) {
        if (value) {
          ledger[key] = *value;
        } else {
          ledger.erase(key);
        }
      }
      ++batches;
    };
    if (failing) {
      lock.unlock();
      settled(Error{Fault::retry, "no disk", "disk"});
      return true;
    }
    if (holding) {
      held.push_back([this, commit, settled] {
        {
          const std::lock_guard again(mutex_);
          commit();
        }
        settled(Receipt{});
      });
      return true;
    }
    commit();
    lock.unlock();
    settled(Receipt{});
    return true;
  }
  Offered offer(std::vector<Message>, Settled) override { return Offered::closed; }
  Result<std::optional<std::string>> checkpoint(std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    const auto found = ledger.find(std::string(key));
    return found == ledger.end() ? std::optional<std::string>() : std::optional(found->second);
  }
  Result<std::vector<Checkpoint::Entry>> checkpoints(std::string_view prefix,
                                                     std::string_view after,
                                                     std::size_t max) const override {
    const std::lock_guard lock(mutex_);
    std::vector<Checkpoint::Entry> page;
    for (const auto& [key, value] : ledger) {
      if (page.size() == max) break;
      if (key.starts_with(prefix) && key > after) page.push_back({key, value});
    }
    return page;
  }

  std::vector<Message> messages;
  std::map<std::string, std::string> ledger;
  std::vector<std::function<void()>> held;
  std::size_t batches = 0;
  bool holding = false;
  bool failing = false;
  bool closed = false;

 private:
  mutable std::mutex mutex_;
};

}  // namespace cdviz::sources::s3
