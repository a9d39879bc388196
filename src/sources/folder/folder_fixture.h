// What the tests of the folder source share: a folder that goes away, a queue in memory, and the
// source on a thread of its own, as the pipeline runs it.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/inlet.h"
#include "net/routes.h"
#include "sources/folder/folder_source.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::folder {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "none here"}; }
};

/// A folder of its own for each test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "cdviz-folder-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The machine's clocks, set forward: files have the times of the real one.
class ShiftedClock final : public Clock {
 public:
  void advance(std::chrono::milliseconds by) { ahead_ += by.count(); }
  std::chrono::steady_clock::time_point now() const override { return real_.now() + ahead(); }
  WallTime wall() const override { return real_.wall() + ahead(); }
  bool wait(std::chrono::milliseconds duration, std::stop_token stop) const override {
    return real_.wait(duration, std::move(stop));
  }

 private:
  std::chrono::milliseconds ahead() const { return std::chrono::milliseconds(ahead_); }

  SystemClock real_;
  std::atomic<std::int64_t> ahead_ = 0;
};

/// A queue in memory that outlives the source: bodies and checkpoints, in one step.
class MemoryInlet final : public Inlet {
 public:
  bool put(std::vector<Message> batch, Checkpoint checkpoint, Settled settled) override {
    std::unique_lock lock(mutex_);
    if (failures_ > 0) {
      --failures_;
      lock.unlock();
      settled(Error{Fault::retry, "no disk", "disk"});
      return true;
    }
    ++puts_;
    largest_ = std::max(largest_, batch.size());
    for (auto& message : batch) messages_.push_back(std::move(message));
    for (auto& entry : checkpoint.entries) {
      if (entry.value) {
        checkpoints_[entry.key] = *entry.value;
      } else {
        checkpoints_.erase(entry.key);
      }
    }
    changed_.notify_all();
    if (holding_) {
      held_.push_back(std::move(settled));
      return true;
    }
    lock.unlock();
    settled(Receipt{});
    return true;
  }
  Offered offer(std::vector<Message>, Settled) override { return Offered::closed; }
  Result<std::optional<std::string>> checkpoint(std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    const auto found = checkpoints_.find(key);
    return found == checkpoints_.end() ? std::optional<std::string>() : found->second;
  }
  Result<std::vector<Checkpoint::Entry>> checkpoints(std::string_view, std::string_view after,
                                                     std::size_t max) const override {
    const std::lock_guard lock(mutex_);
    std::vector<Checkpoint::Entry> page;
    for (auto at = checkpoints_.upper_bound(after); at != checkpoints_.end() && page.size() < max;
         ++at) {
      page.push_back({at->first, at->second});
    }
    return page;
  }

  void fail_next(int times) {
    const std::lock_guard lock(mutex_);
    failures_ = times;
  }
  /// Takes, and does not say so until let_go().
  void hold() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }
  void let_go() {
    std::vector<Settled> held;
    {
      const std::lock_guard lock(mutex_);
      holding_ = false;
      held.swap(held_);
    }
    for (auto& settled : held) settled(Receipt{});
  }

  std::vector<Message> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  /// Bodies in their order; of a problem "rule!body".
  std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const auto& message : messages()) {
      all.push_back(message.problems.empty() ? message.body
                                             : message.problems.front().rule + "!" + message.body);
    }
    return all;
  }
  std::map<std::string, std::string, std::less<>> ledger() const {
    const std::lock_guard lock(mutex_);
    return checkpoints_;
  }
  std::size_t largest() const {
    const std::lock_guard lock(mutex_);
    return largest_;
  }
  std::size_t puts() const {
    const std::lock_guard lock(mutex_);
    return puts_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Message> messages_;
  std::map<std::string, std::string, std::less<>> checkpoints_;
  std::vector<Settled> held_;
  std::size_t largest_ = 0;
  std::size_t puts_ = 0;
  int failures_ = 0;
  bool holding_ = false;
};

/// True as soon as `condition` is, within a minute.
template <class Condition>
bool eventually(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return condition();
}

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    settings_.path = folder_.path().string();
    settings_.polling_interval = 100ms;
    settings_.settle = 20ms;
  }
  ~FolderTest() override { stop(); }

  void start() {
    source_ = make_folder_source(settings_, services_);
    thread_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        auto result = source_->run(inlet_, stop);
        if (!result) {
          const std::lock_guard lock(mutex_);
          errors_.push_back(result.error().message);
        }
        clock_.wait(5ms, stop);
      }
    });
  }
  void stop() {
    inlet_.let_go();
    thread_ = {};
    source_.reset();
  }
  void restart() {
    stop();
    start();
  }
  std::vector<std::string> errors() {
    const std::lock_guard lock(mutex_);
    return errors_;
  }

  fs::path at(const std::string& name) const { return folder_.path() / name; }
  void write(const std::string& name, std::string_view text, bool append = false) {
    fs::create_directories(at(name).parent_path());
    std::ofstream file(at(name), append ? std::ios::app | std::ios::binary : std::ios::binary);
    file << text;
  }
  void append(const std::string& name, std::string_view text) { write(name, text, true); }
  void set_time(const std::string& name, std::chrono::seconds ago) {
    fs::last_write_time(at(name), fs::file_time_type::clock::now() - ago);
  }

  bool wait_for(std::size_t count) {
    return eventually([&] { return inlet_.messages().size() >= count; });
  }
  /// Waits until a look at all files has begun and ended.
  bool wait_for_looks() {
    auto& looks = metrics_.counter("cdviz_folder_looks_total", "Looks at all files.",
                                   {{"component_id", "in"}});
    const double before = looks.Value();
    return eventually([&] { return looks.Value() >= before + 2; });
  }
  std::vector<std::string> bodies() const { return inlet_.bodies(); }

  TemporaryFolder folder_;
  FolderSettings settings_;
  ShiftedClock clock_;
  telemetry::Metrics metrics_;
  telemetry::Log log_{{.level = telemetry::Level::off}, clock_};
  NoRoutes routes_;
  Services services_{"in", clock_, metrics_, log_, routes_};
  MemoryInlet inlet_;
  std::unique_ptr<Source> source_;
  std::mutex mutex_;
  std::vector<std::string> errors_;
  std::jthread thread_;
};

}  // namespace cdviz::sources::folder
