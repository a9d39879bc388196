// For the tests of sources of activity: an inlet that keeps what it is given, in memory.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/inlet.h"

namespace cdviz::activity {

/// Messages and rows, kept together as the queue keeps them; lives longer than a run.
class MemoryInlet final : public Inlet {
 public:
  bool put(std::vector<Message> batch, Checkpoint checkpoint, Settled settled) override {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      if (!failure_) {
        for (auto& message : batch) messages_.push_back(std::move(message));
        for (auto& [key, value] : checkpoint.entries) {
          if (value) {
            rows_[key] = *value;
          } else {
            rows_.erase(key);
          }
        }
        ++batches_;
      }
    }
    const auto failure = std::exchange(failure_, std::nullopt);
    settled(failure ? Result<Receipt>(*failure) : Result<Receipt>(Receipt{}));
    return true;
  }
  Offered offer(std::vector<Message>, Settled) override { return Offered::closed; }
  Result<std::optional<std::string>> checkpoint(std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    const auto found = rows_.find(std::string(key));
    return found == rows_.end() ? std::optional<std::string>{} : std::optional(found->second);
  }
  Result<std::vector<Checkpoint::Entry>> checkpoints(std::string_view prefix,
                                                     std::string_view after,
                                                     std::size_t max) const override {
    const std::lock_guard lock(mutex_);
    std::vector<Checkpoint::Entry> page;
    for (const auto& [key, value] : rows_) {
      if (page.size() == max) break;
      if (key.starts_with(prefix) && key > after) page.push_back({key, value});
    }
    return page;
  }

  /// What came since the last call.
  std::vector<Message> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }
  std::map<std::string, std::string> rows() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }
  void set_row(const std::string& key, const std::string& value) {
    const std::lock_guard lock(mutex_);
    rows_[key] = value;
  }
  void fail_next(Error error) { failure_ = std::move(error); }
  void close() { closed_ = true; }
  std::size_t batches() const { return batches_; }

 private:
  mutable std::mutex mutex_;
  std::vector<Message> messages_;
  std::map<std::string, std::string> rows_;
  std::optional<Error> failure_;
  std::size_t batches_ = 0;
  bool closed_ = false;
};

}  // namespace cdviz::activity
