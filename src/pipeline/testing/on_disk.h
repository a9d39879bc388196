// A pipeline on the real queue and the machine's clock: one source "in", two sinks.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "pipeline/testing/fixture.h"
#include "queue/queue.h"

namespace cdviz::pipeline::testing {

struct OnDisk : ::testing::Test {
  OnDisk() {
    std::string name = (std::filesystem::temp_directory_path() / "cdviz-pipeline-XXXXXX").string();
    settings.directory = ::mkdtemp(name.data());
  }
  ~OnDisk() override {
    pipeline.reset();
    queue.reset();
    std::error_code ignored;
    std::filesystem::remove_all(settings.directory, ignored);
  }
  void start(Settings how = {}) {
    auto opened = queue::Queue::open(settings, clock, *metrics, log);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    queue = std::move(*opened);
    pipeline = Pipeline::make(how, *queue, clock, *metrics, log);
    Parts parts;
    parts.sources.push_back(Fixture::source(input, "in", "1"));
    parts.sinks.push_back(Fixture::sink(peer, "out", "1"));
    parts.sinks.push_back(Fixture::sink(other, "other", "1"));
    const int runs = input.runs();
    ASSERT_TRUE(pipeline->start(std::move(parts)).has_value());
    ASSERT_TRUE(eventually([&] { return input.runs() > runs; }));
  }
  Drained stop() {
    const Drained drained = pipeline->stop();
    pipeline.reset();
    queue.reset();
    return drained;
  }
  Result<Receipt> put(std::vector<Message> batch) {
    Answer answer;
    if (!input.inlet()->put(std::move(batch), {}, answer.settled())) {
      return Error{Fault::retry, "closed"};
    }
    return answer.get();
  }

  SystemClock clock;
  queue::QueueSettings settings;
  std::unique_ptr<telemetry::Metrics> metrics = std::make_unique<telemetry::Metrics>();
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  FakePeer peer{clock}, other{clock};
  FakeInput input;
  std::unique_ptr<queue::Queue> queue;
  std::unique_ptr<Pipeline> pipeline;
};

}  // namespace cdviz::pipeline::testing
