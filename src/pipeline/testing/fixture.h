// A pipeline between fakes: one source "in", one sink "out", more if a test wants them.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "pipeline/pipeline.h"
#include "pipeline/testing/fakes.h"
#include "pipeline/testing/manual_clock.h"
#include "pipeline/testing/memory_queue.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::pipeline::testing {

/// Waits until `condition` holds, for at most 20 s of real time.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));  // between two looks
  }
  return true;
}

/// The same, letting the clock jump from the end of one wait to the next: for what needs time to
/// pass.
template <class Condition>
bool eventually(Condition condition, ManualClock& clock) {
  return eventually([&] {
    if (condition()) return true;
    clock.jump();
    return false;
  });
}

/// What became of a batch.
struct Answer {
  std::future<Result<Receipt>> future;
  int calls() const { return *calls_; }
  Settled settled() {
    auto promise = std::make_shared<std::promise<Result<Receipt>>>();
    future = promise->get_future();
    return [promise, calls = calls_](const Result<Receipt>& result) {
      if (++*calls == 1) promise->set_value(result);
    };
  }
  bool there() const {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  Result<Receipt> get() {
    if (!eventually([this] { return there(); })) return Error{Fault::stop, "never settled"};
    return future.get();
  }

 private:
  std::shared_ptr<std::atomic<int>> calls_ = std::make_shared<std::atomic<int>>(0);
};

struct Fixture {
  explicit Fixture(Settings settings = {})
      : pipeline(Pipeline::make(settings, queue, clock, metrics, log)) {}

  SourcePart source(std::string name = "in", std::string fingerprint = "1") {
    return source(input, std::move(name), std::move(fingerprint));
  }
  static SourcePart source(FakeInput& in, std::string name, std::string fingerprint) {
    return {std::move(name), "fake", std::move(fingerprint), std::make_unique<FakeSource>(in)};
  }
  SinkPart sink(std::string name = "out", std::string fingerprint = "1") {
    return sink(peer, std::move(name), std::move(fingerprint));
  }
  static SinkPart sink(FakePeer& to, std::string name, std::string fingerprint,
                       std::size_t max_batch = 500) {
    return {std::move(name), "fake", std::move(fingerprint), queue::From::now,
            std::make_unique<FakeSink>(to, max_batch)};
  }
  Parts parts() {
    Parts parts;
    parts.sources.push_back(source());
    parts.sinks.push_back(sink());
    return parts;
  }
  /// Starts and waits for the source to run.
  void start(Parts parts) {
    ASSERT_TRUE(pipeline->start(std::move(parts)).has_value());
    ASSERT_TRUE(eventually([&] { return input.inlet() != nullptr; }));
  }
  void start() { start(parts()); }

  Result<Receipt> put(const Ids& ids) { return put_messages(messages(ids)); }
  Result<Receipt> put_messages(std::vector<Message> batch) {
    Answer answer;
    if (!input.inlet()->put(std::move(batch), {}, answer.settled())) {
      return Error{Fault::retry, "closed"};
    }
    return answer.get();
  }
  /// stop() on a clock that stands still: nothing may need time.
  Drained stop() {
    auto stopped = std::async(std::launch::async, [&] { return pipeline->stop(); });
    EXPECT_TRUE(eventually([&] { return ended(stopped); }));
    return stopped.get();
  }
  /// stop(), letting time pass: what is under way does not end by itself.
  Drained stop_after_deadline() {
    auto stopped = std::async(std::launch::async, [&] { return pipeline->stop(); });
    EXPECT_TRUE(eventually([&] { return ended(stopped); }, clock));
    return stopped.get();
  }
  template <class T>
  static bool ended(const std::future<T>& future) {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  ComponentStatus status(const std::string& name) const {
    for (auto& one : pipeline->status()) {
      if (one.name == name) return one;
    }
    ADD_FAILURE() << "no component " << name;
    return {};
  }
  bool is(const std::string& name, State state) const { return status(name).state == state; }
  /// The value of a metric's line, for example `cdviz_sent_events_total{component_id="out",…}`; -1
  /// without one.
  double metric(const std::string& line_start) {
    const std::string text = metrics.text();
    const auto at = text.find("\n" + line_start);
    if (at == std::string::npos) return -1;
    const auto end = text.find('\n', at + 1);
    const auto space = text.rfind(' ', end);
    return std::stod(text.substr(space + 1, end - space));
  }

  ManualClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  MemoryQueue queue;
  FakePeer peer{clock};
  FakeInput input;
  std::unique_ptr<Pipeline> pipeline;
};

}  // namespace cdviz::pipeline::testing
