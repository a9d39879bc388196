// What the tests of the queue share: a directory that goes away, events by number, waiting for an
// answer.
#pragma once

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "queue/queue.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::queue {

/// A directory of its own for each test, removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    // In memory where that exists: the tests decide themselves what a crash leaves, and need not
    // wait for a disk to sync.
    const std::filesystem::path memory = "/dev/shm";
    const auto base =
        ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    std::string name = (base / "cdviz-queue-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Event event(const std::string& id, std::size_t json_bytes = 100) {
  std::string json = "{\"id\":\"" + id + "\",\"x\":\"";
  if (json.size() + 2 < json_bytes) json.append(json_bytes - json.size() - 2, 'x');
  json += "\"}";
  return Event({.source = "/test",
                .id = id,
                .type = "dev.cdevents.service.deployed.0.2.0",
                .timestamp = "2026-01-01T00:00:00Z",
                .subject_id = "subject-" + id,
                .json = std::move(json),
                .headers = {{"traceparent", "00-" + id}},
                .origin = "hooks",
                .received_at = WallTime{std::chrono::milliseconds(1'700'000'000'123)}});
}

inline DeadLetter letter(const std::string& id, std::string body = "{bad") {
  return {.component_id = "hooks",
          .code = "json",
          .reason = "not JSON",
          .body = std::move(body),
          .headers = {{"h", "v"}},
          .metadata = R"({"k":1})",
          .event_source = "/test",
          .event_id = id,
          .at = WallTime{std::chrono::milliseconds(1'700'000'000'456)}};
}

using Ids = std::vector<std::string>;

/// Opens queues in one directory and talks to them as the pipeline does, but waiting for each
/// answer.
class QueueFixture : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Queue>> try_open() {
    settings_.directory = directory_.path();
    return Queue::open(settings_, clock_, *metrics_, log_);
  }
  void open() {
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().message;
    queue_ = std::move(*opened);
  }
  void close() { queue_.reset(); }
  void reopen() {
    close();
    open();
  }

  Result<Position> put_batch(Batch batch) {
    std::promise<Result<Position>> answer;
    batch.settled = [&](const Result<Position>& outcome) { answer.set_value(outcome); };
    auto future = answer.get_future();
    const auto offered = queue_->submit(std::move(batch), true);
    if (offered != Offered::taken) return Error{Fault::retry, "not taken", "not_taken"};
    return future.get();
  }
  Result<Position> put(const Ids& ids, std::size_t json_bytes = 100) {
    Batch batch;
    for (const auto& id : ids) batch.events.push_back(event(id, json_bytes));
    return put_batch(std::move(batch));
  }
  Result<void> advance(const std::string& sink, Position to, std::vector<DeadLetter> letters = {}) {
    std::promise<Result<void>> answer;
    queue_->advance(sink, to, std::move(letters),
                    [&](const Result<void>& outcome) { answer.set_value(outcome); });
    return answer.get_future().get();
  }
  Ids read_ids(Position after = Position{0}, std::size_t max_events = 1000,
               std::size_t max_bytes = std::size_t{1} << 30) {
    Ids ids;
    auto found = queue_->read(after, max_events, max_bytes);
    EXPECT_TRUE(found) << found.error().message;
    if (found)
      for (const auto& stored : *found) ids.push_back(stored.event->id);
    return ids;
  }
  double metric(const std::string& name) {
    const std::string text = metrics_->text();
    for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += name.size()) {
      if (at != 0 && text[at - 1] != '\n') continue;
      const auto end = text.find('\n', at);
      const auto value = text.rfind(' ', end);
      const char after = text[at + name.size()];
      if (after == ' ' || after == '{') return std::stod(text.substr(value + 1, end - value - 1));
    }
    return -1;
  }
  /// Waits for a condition that another thread brings about.
  template <class Condition>
  bool soon(Condition condition, std::chrono::seconds deadline = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      clock_.wait(std::chrono::milliseconds(2), {});
    }
    return true;
  }

  ScratchDirectory directory_;
  QueueSettings settings_{.directory = directory_.path()};
  SystemClock clock_;
  std::unique_ptr<telemetry::Metrics> metrics_ = std::make_unique<telemetry::Metrics>();
  telemetry::Log log_{{.level = telemetry::Level::off}, clock_};
  std::unique_ptr<Queue> queue_;
};

}  // namespace cdviz::queue
