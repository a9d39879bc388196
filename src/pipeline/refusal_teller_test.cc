#include "pipeline/refusal_teller.h"

#include <future>

#include <gtest/gtest.h>

#include "pipeline/testing/manual_clock.h"
#include "pipeline/testing/memory_queue.h"

namespace cdviz::pipeline::testing {
namespace {

/// A list of refused documents, which may be away.
class ListSink final : public Sink {
 public:
  Result<void> write(std::span<const Event>, std::stop_token) override { return {}; }
  bool wants_refusals() const override { return wants; }
  Result<void> note_refusals(std::span<const Refusal> refusals, std::stop_token) override {
    ++calls;
    if (away) return Error{Fault::retry, "away"};
    for (const auto& refusal : refusals) noted.push_back(refusal.number);
    return {};
  }
  std::vector<std::int64_t> noted;
  int calls = 0;
  bool wants = true;
  bool away = false;
};

struct RefusalTellerTest : ::testing::Test {
  void refuse(int count) {
    for (int i = 0; i < count; ++i) {
      std::promise<void> kept;
      queue.advance("out", {},
                    {{.component_id = "in", .code = "json", .reason = "is not JSON", .body = "{"}},
                    [&](const Result<void>&) { kept.set_value(); });
      kept.get_future().wait();
    }
  }
  bool tell() { return teller.tell(sink, {}); }
  void later() { clock.advance(RefusalTeller::kPause); }

  ManualClock clock;
  MemoryQueue queue;
  ListSink sink;
  RefusalTeller teller{queue, clock};
};

TEST_F(RefusalTellerTest, EachRefusalIsToldOnceAndTheOldestFirst) {
  refuse(3);
  EXPECT_TRUE(tell());
  EXPECT_EQ(sink.noted, (std::vector<std::int64_t>{1, 2, 3}));
  refuse(1);
  later();
  EXPECT_TRUE(tell());
  EXPECT_EQ(sink.noted, (std::vector<std::int64_t>{1, 2, 3, 4}));
}

TEST_F(RefusalTellerTest, LooksOnlyOnceInAPause) {
  EXPECT_TRUE(tell());
  refuse(1);
  EXPECT_TRUE(tell());
  EXPECT_TRUE(sink.noted.empty());
  later();
  EXPECT_TRUE(tell());
  EXPECT_EQ(sink.noted.size(), 1U);
}

TEST_F(RefusalTellerTest, WhatTheSinkDidNotTakeIsToldAgain) {
  refuse(2);
  sink.away = true;
  EXPECT_FALSE(tell());
  sink.away = false;
  later();
  EXPECT_TRUE(tell());
  EXPECT_EQ(sink.noted, (std::vector<std::int64_t>{1, 2}));
}

TEST_F(RefusalTellerTest, ManyAreToldInPieces) {
  refuse(static_cast<int>(RefusalTeller::kAtOnce) + 1);
  EXPECT_TRUE(tell());
  EXPECT_EQ(sink.calls, 2);
  EXPECT_EQ(sink.noted.size(), RefusalTeller::kAtOnce + 1);
}

TEST_F(RefusalTellerTest, ASinkThatKeepsNoListIsNotAsked) {
  sink.wants = false;
  refuse(1);
  EXPECT_TRUE(tell());
  EXPECT_EQ(sink.calls, 0);
}

}  // namespace
}  // namespace cdviz::pipeline::testing
