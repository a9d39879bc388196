// The queue's contract in memory, with faults at the press of a button. Like the real one it
// commits and answers on a thread of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "queue/queue.h"

namespace cdviz::pipeline::testing {

class MemoryQueue final : public queue::Queue {
 public:
  using Position = queue::Position;

  MemoryQueue() : writer_([this] { write(); }) {}
  ~MemoryQueue() override {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
      closing_ = true;
    }
    changed_.notify_all();
    writer_.join();
  }

  // ---- faults
  void set_full(bool full) {
    change([=, this] { full_ = full; });
  }
  void set_dead_letters_full(bool full) {
    change([=, this] { dead_letters_full_ = full; });
  }
  void set_commits_fail(bool fail) {
    change([=, this] { commits_fail_ = fail; });
  }
  void set_reads_fail(bool fail) {
    change([=, this] { reads_fail_ = fail; });
  }
  void set_attach_fails(bool fail) {
    change([=, this] { attach_fails_ = fail; });
  }
  /// What was stored is gone, as from a damaged database; its positions are not used again.
  void lose_everything() {
    change([this] { events_.clear(); });
  }
  /// What is submitted meanwhile is committed at release.
  void hold(bool held) {
    change([=, this] { held_ = held; });
  }

  // ---- what a test looks at
  std::vector<queue::DeadLetter> dead_letters() const {
    const std::lock_guard lock(mutex_);
    return letters_;
  }
  std::map<std::string, std::string> checkpoints(const std::string& source) const {
    const std::lock_guard lock(mutex_);
    const auto at = checkpoints_.find(source);
    return at == checkpoints_.end() ? std::map<std::string, std::string>{} : at->second;
  }
  Position cursor(const std::string& sink) const {
    const std::lock_guard lock(mutex_);
    return cursors_.at(sink);
  }
  /// How often anybody has read.
  int reads() const {
    const std::lock_guard lock(mutex_);
    return reads_;
  }
  /// `dead-letters replay` of everything there is.
  void request_replay() {
    change([this] {
      for (const auto& letter : letters_) replays_.push_back(letter.number);
    });
  }

  // ---- queue::Queue
  Offered submit(queue::Batch batch, bool wait, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    if (wait) changed_.wait(lock, stop, [this] { return !full_ || closing_; });
    if (closing_) return Offered::closed;
    if (full_) return wait ? Offered::closed : Offered::full;
    enqueue(lock, [this, batch = std::move(batch)]() mutable { commit(std::move(batch), {}); });
    return Offered::taken;
  }
  Result<Position> attach(const std::string& sink, queue::From from) override {
    const std::lock_guard lock(mutex_);
    if (attach_fails_) return Error{Fault::retry, "the disk is away", "io"};
    const Position start = from == queue::From::oldest ? Position{0} : last_;
    return cursors_.try_emplace(sink, start).first->second;
  }
  Result<bool> release(const std::string& sink) override {
    const std::lock_guard lock(mutex_);
    return cursors_.erase(sink) > 0;
  }
  Result<std::vector<queue::Stored>> read(Position after, std::size_t max_events,
                                          std::size_t max_bytes) override {
    const std::lock_guard lock(mutex_);
    ++reads_;
    if (reads_fail_) return Error{Fault::retry, "the disk is away", "io"};
    std::vector<queue::Stored> found;
    std::size_t bytes = 0;
    for (const auto& stored : events_) {
      if (stored.position <= after) continue;
      bytes += stored.event->json.size();
      if (found.size() == max_events || (!found.empty() && bytes > max_bytes)) break;
      found.push_back(stored);
    }
    return found;
  }
  bool wait_beyond(Position after, std::chrono::milliseconds, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    return changed_.wait(lock, stop, [&] { return last_ > after; });
  }
  void advance(const std::string& sink, Position to, std::vector<queue::DeadLetter> rejected,
               std::function<void(const Result<void>&)> settled) override {
    std::unique_lock lock(mutex_);
    enqueue(lock, [this, sink, to, rejected = std::move(rejected),
                   settled = std::move(settled)]() mutable {
      const auto result = move_cursor(sink, to, std::move(rejected));
      if (settled) settled(result);
    });
  }
  Result<std::optional<std::string>> checkpoint(std::string_view source,
                                                std::string_view key) const override {
    const auto all = checkpoints(std::string(source));
    const auto at = all.find(std::string(key));
    return at == all.end() ? std::optional<std::string>{} : at->second;
  }
  Result<std::vector<Checkpoint::Entry>> checkpoints(std::string_view source,
                                                     std::string_view prefix,
                                                     std::string_view after,
                                                     std::size_t max) const override {
    std::vector<Checkpoint::Entry> page;
    for (const auto& [key, value] : checkpoints(std::string(source))) {
      if (page.size() == max) break;
      if (key.starts_with(prefix) && key > after) page.push_back({key, value});
    }
    return page;
  }
  queue::QueueStatus status() const override {
    const std::lock_guard lock(mutex_);
    queue::QueueStatus status{};
    status.last = last_;
    status.dead_letters = letters_.size();
    status.accepting = !full_;
    for (const auto& [name, cursor] : cursors_) {
      const auto pending = static_cast<std::int64_t>(last_) - static_cast<std::int64_t>(cursor);
      status.sinks.push_back({name, cursor, static_cast<std::uint64_t>(pending), 0, {}});
    }
    return status;
  }
  Result<std::vector<Refusal>> refusals(std::int64_t after, std::size_t max) override {
    const std::lock_guard lock(mutex_);
    std::vector<Refusal> found;
    for (const auto& letter : letters_) {
      if (letter.number <= after || found.size() == max) continue;
      found.push_back({.number = letter.number,
                       .at = letter.at,
                       .component_id = letter.component_id,
                       .from_sink = letter.from_sink,
                       .code = letter.code,
                       .reason = letter.reason,
                       .event_source = letter.event_source,
                       .event_id = letter.event_id,
                       .bytes = static_cast<std::int64_t>(letter.body.size())});
    }
    return found;
  }
  Result<std::vector<queue::DeadLetter>> replay_requests(std::size_t max) override {
    const std::lock_guard lock(mutex_);
    std::vector<queue::DeadLetter> found;
    for (const auto number : replays_) {
      for (const auto& letter : letters_) {
        if (letter.number == number && found.size() < max) found.push_back(letter);
      }
    }
    return found;
  }
  void replayed(std::int64_t number, queue::Batch batch) override {
    std::unique_lock lock(mutex_);
    enqueue(lock, [this, number, batch = std::move(batch)]() mutable {
      commit(std::move(batch), number);
    });
  }
  void requeue(std::int64_t number, Event event, const std::string& sink) override {
    std::unique_lock lock(mutex_);
    enqueue(lock, [this, number, event = std::move(event), sink] {
      const std::lock_guard writing(mutex_);
      if (take_letter(number)) events_.push_back({next(), event, sink});
    });
  }

 private:
  template <class F>
  void change(F f) {
    {
      const std::lock_guard lock(mutex_);
      f();
    }
    changed_.notify_all();
  }
  void enqueue(std::unique_lock<std::mutex>& lock, std::function<void()> job) {
    jobs_.push_back(std::move(job));
    lock.unlock();
    changed_.notify_all();
  }
  void write() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return closing_ || (!held_ && !jobs_.empty()); });
      if (jobs_.empty()) return;
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      changed_.notify_all();
      lock.lock();
    }
  }
  Position next() { return last_ = Position{static_cast<std::int64_t>(last_) + 1}; }
  bool take_letter(std::int64_t number) {
    std::erase(replays_, number);
    return std::erase_if(letters_, [&](const auto& l) { return l.number == number; }) > 0;
  }
  void keep(std::vector<queue::DeadLetter> letters) {
    for (auto& letter : letters) {
      letter.number = ++last_letter_;
      letters_.push_back(std::move(letter));
    }
  }
  void commit(queue::Batch batch, std::optional<std::int64_t> replaces) {
    Result<Position> result = Error{Fault::retry, "the disk is full", "disk_full"};
    {
      const std::lock_guard lock(mutex_);
      if (!commits_fail_) {
        if (replaces) take_letter(*replaces);
        for (auto& event : batch.events) events_.push_back({next(), event, {}});
        keep(std::move(batch.dead_letters));
        for (auto& [key, value] : batch.checkpoint.entries) {
          if (value) {
            checkpoints_[batch.source][key] = *value;
          } else {
            checkpoints_[batch.source].erase(key);
          }
        }
        result = last_;
      }
    }
    if (batch.settled) batch.settled(result);
  }
  Result<void> move_cursor(const std::string& sink, Position to,
                           std::vector<queue::DeadLetter> rejected) {
    const std::lock_guard lock(mutex_);
    if (!rejected.empty() && dead_letters_full_) {
      return Error{Fault::retry, "the dead letters are full", "dead_letters_full"};
    }
    keep(std::move(rejected));
    const auto at = cursors_.find(sink);
    if (at != cursors_.end()) at->second = to;
    return {};
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::deque<std::function<void()>> jobs_;
  std::vector<queue::Stored> events_;
  std::vector<queue::DeadLetter> letters_;
  std::vector<std::int64_t> replays_;
  std::map<std::string, Position> cursors_;
  std::map<std::string, std::map<std::string, std::string>> checkpoints_;
  Position last_{0};
  std::int64_t last_letter_ = 0;
  int reads_ = 0;
  bool full_ = false, dead_letters_full_ = false, commits_fail_ = false, reads_fail_ = false;
  bool attach_fails_ = false, held_ = false, closing_ = false;
  std::thread writer_;
};

}  // namespace cdviz::pipeline::testing
