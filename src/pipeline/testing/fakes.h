// A source and a sink that do what a test tells them, and the events they deal in.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/sink.h"
#include "core/source.h"

namespace cdviz::pipeline::testing {

using Ids = std::vector<std::string>;

/// The bytes of a CDEvent that can be stored.
inline std::string event_json(const std::string& id) {
  return R"({"context":{"version":"0.4.1","id":")" + id +
         R"(","source":"/test","type":"dev.cdevents.service.deployed.0.2.0",)"
         R"("timestamp":"2024-05-06T07:08:09Z"},"subject":{"id":"shop","source":"/test",)"
         R"("type":"service","content":{}}})";
}

inline Message message(const std::string& id) { return {.body = event_json(id)}; }

inline std::vector<Message> messages(const Ids& ids) {
  std::vector<Message> all;
  for (const auto& id : ids) all.push_back(message(id));
  return all;
}

/// What a test and the sinks that a reload makes have in common: the other end.
class FakePeer {
 public:
  explicit FakePeer(const Clock& clock) : clock_(clock) {}

  // ---- told by the test
  /// Answers every write with this until works().
  void answers(Error error) {
    change([&] { answer_ = std::move(error); });
  }
  /// Answers the next write with this.
  void answers_once(Error error) {
    change([&] { once_.push_back(std::move(error)); });
  }
  void works() {
    change([&] { answer_.reset(), throws_ = false; });
  }
  void throws() {
    change([&] { throws_ = true; });
  }
  void rejects(const std::string& id, const std::string& code = "22P05") {
    change([&] { bad_[id] = code; });
  }
  void accepts(const std::string& id) {
    change([&] { bad_.erase(id); });
  }
  /// Writes hang: until stop is requested, or (deaf) for ever.
  void hangs(bool deaf = false) {
    change([&] { hangs_ = true, deaf_ = deaf; });
  }
  void hangs_no_more() {
    change([&] { hangs_ = deaf_ = false; });
  }

  // ---- seen by the test
  Ids stored() const {
    const std::lock_guard lock(mutex_);
    return stored_;
  }
  std::vector<Ids> writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  std::vector<Event> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  std::vector<std::chrono::steady_clock::time_point> times() const {
    const std::lock_guard lock(mutex_);
    return times_;
  }
  /// Sinks of this peer that are in a write at this moment, and the most that ever were.
  int writing() const {
    const std::lock_guard lock(mutex_);
    return writing_;
  }
  int writing_max() const {
    const std::lock_guard lock(mutex_);
    return writing_max_;
  }

  Result<void> write(std::span<const Event> batch, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    Ids ids;
    for (const Event& event : batch) ids.push_back(event->id);
    writes_.push_back(ids);
    times_.push_back(clock_.now());
    writing_max_ = std::max(writing_max_, ++writing_);
    while (hangs_) {
      if (deaf_) {
        changed_.wait(lock, [this] { return !hangs_; });
      } else if (!changed_.wait(lock, stop, [this] { return !hangs_; })) {
        --writing_;
        return Error{Fault::retry, "asked to stop", "stop"};
      }
    }
    --writing_;
    if (throws_) throw std::runtime_error("a bug");
    if (!once_.empty()) {
      const Error error = once_.front();
      once_.erase(once_.begin());
      return error;
    }
    if (answer_) return *answer_;
    for (const auto& id : ids) {
      if (const auto bad = bad_.find(id); bad != bad_.end()) {
        return Error{Fault::reject, "cannot store " + id, bad->second};
      }
    }
    stored_.insert(stored_.end(), ids.begin(), ids.end());
    events_.insert(events_.end(), batch.begin(), batch.end());
    return {};
  }

 private:
  template <class F>
  void change(F f) {
    const std::lock_guard lock(mutex_);
    f();
    changed_.notify_all();
  }
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Error> answer_;
  std::vector<Error> once_;
  std::map<std::string, std::string> bad_;
  bool hangs_ = false, deaf_ = false, throws_ = false;
  int writing_ = 0, writing_max_ = 0;
  Ids stored_;
  std::vector<Ids> writes_;
  std::vector<Event> events_;
  std::vector<std::chrono::steady_clock::time_point> times_;
};

class FakeSink final : public Sink {
 public:
  explicit FakeSink(FakePeer& peer, std::size_t max_batch = 500)
      : peer_(peer), max_batch_(max_batch) {}
  Result<void> write(std::span<const Event> batch, std::stop_token stop) override {
    return peer_.write(batch, stop);
  }
  std::size_t max_batch() const override { return max_batch_; }

 private:
  FakePeer& peer_;
  const std::size_t max_batch_;
};

/// Gives the test the inlet that a FakeSource was run with.
class FakeInput {
 public:
  /// What run() does besides waiting for stop: called each time.
  using Run = std::function<Result<void>(Inlet&, std::stop_token)>;
  void does(Run run) {
    const std::lock_guard lock(mutex_);
    run_ = std::move(run);
  }
  /// Runs since the beginning, and those under way.
  int runs() const {
    const std::lock_guard lock(mutex_);
    return runs_;
  }
  int running() const {
    const std::lock_guard lock(mutex_);
    return running_;
  }
  int running_max() const {
    const std::lock_guard lock(mutex_);
    return running_max_;
  }
  /// The inlet of the last run; null before the first.
  Inlet* inlet() const {
    const std::lock_guard lock(mutex_);
    return inlet_;
  }
  /// A source ends its run only when this is false (a source that does not listen).
  void deaf(bool deaf) {
    const std::lock_guard lock(mutex_);
    deaf_ = deaf;
    changed_.notify_all();
  }

  Result<void> run(Inlet& inlet, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    ++runs_;
    running_max_ = std::max(running_max_, ++running_);
    inlet_ = &inlet;
    const Run run = run_;
    Result<void> result;
    if (run) {
      lock.unlock();
      result = run(inlet, stop);
      lock.lock();
    } else {
      changed_.wait(lock, stop, [] { return false; });
    }
    changed_.wait(lock, [this] { return !deaf_; });
    --running_;
    return result;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Run run_;
  Inlet* inlet_ = nullptr;
  int runs_ = 0, running_ = 0, running_max_ = 0;
  bool deaf_ = false;
};

class FakeSource final : public Source {
 public:
  explicit FakeSource(FakeInput& input) : input_(input) {}
  Result<void> run(Inlet& inlet, std::stop_token stop) override { return input_.run(inlet, stop); }

 private:
  FakeInput& input_;
};

}  // namespace cdviz::pipeline::testing
