// From the queue to one sink: what each answer of the sink leads to.
#include "pipeline/dispatcher.h"

#include <gtest/gtest.h>

#include "pipeline/testing/fixture.h"

namespace cdviz::pipeline::testing {
namespace {

using namespace std::chrono_literals;

const Error kAway{Fault::retry, "connection refused", "08006"};

Ids numbered(int count, const std::string& prefix = "e") {
  Ids ids;
  for (int i = 0; i < count; ++i) ids.push_back(prefix + std::to_string(i));
  return ids;
}

Ids letter_ids(const MemoryQueue& queue) {
  Ids ids;
  for (const auto& letter : queue.dead_letters()) ids.push_back(letter.event_id);
  return ids;
}

struct DispatcherTest : ::testing::Test {
  void SetUp() override { f.start(); }
  /// Stores `ids` as one batch while the sink is away, so that it reads them together.
  void store(const Ids& ids) { ASSERT_TRUE(f.put(ids).has_value()); }
  bool stored(const Ids& ids) {
    return eventually([&] { return f.peer.stored() == ids; }, f.clock);
  }
  bool at(std::int64_t position) {
    return eventually([&] { return f.queue.cursor("out") == queue::Position{position}; }, f.clock);
  }
  Fixture f;
};

TEST_F(DispatcherTest, ASinkThatIsAwayGetsTheSameBatchAgainUntilItWorks) {
  f.peer.answers(kAway);
  store({"a", "b"});
  ASSERT_TRUE(eventually([&] { return f.peer.writes().size() >= 5; }, f.clock));
  EXPECT_TRUE(f.is("out", State::waiting));
  EXPECT_EQ(f.status("out").last_error, "connection refused");
  store({"c"});
  f.peer.works();
  EXPECT_TRUE(stored({"a", "b", "c"}));
  for (const auto& batch : f.peer.writes()) {
    EXPECT_TRUE(batch == (Ids{"a", "b"}) || batch == Ids{"c"}) << ::testing::PrintToString(batch);
  }
  ASSERT_TRUE(at(3));
  EXPECT_TRUE(f.is("out", State::running));
  EXPECT_EQ(f.status("out").last_error, "");
}

TEST_F(DispatcherTest, RetryAfterIsTheLeastPause) {
  f.peer.answers_once({Fault::retry, "busy", "http_503", 45s});
  store({"a"});
  EXPECT_TRUE(stored({"a"}));
  const auto times = f.peer.times();
  ASSERT_EQ(times.size(), 2U);
  EXPECT_GE(times[1] - times[0], 45s);
}

TEST_F(DispatcherTest, FailuresAreCountedByCodeAndSoAreTheTriesAfterThem) {
  f.peer.answers_once(kAway);
  f.peer.answers_once(kAway);
  f.peer.answers_once({Fault::stop, "no password", "28P01"});
  store({"a"});
  EXPECT_TRUE(stored({"a"}));
  EXPECT_EQ(f.metric(R"(cdviz_send_errors_total{component_id="out",component_type="fake",)"
                     R"(error_type="08006",retriable="true"})"),
            2);
  EXPECT_EQ(f.metric(R"(cdviz_send_errors_total{component_id="out",component_type="fake",)"
                     R"(error_type="28P01",retriable="false"})"),
            1);
  EXPECT_EQ(f.metric(R"(cdviz_retries_total{component_id="out")"), 3);
}

TEST_F(DispatcherTest, OneBadEventDoesNotHoldUpItsBatch) {
  f.peer.answers_once(kAway);
  f.peer.rejects("e321");
  const Ids all = numbered(500);
  store(all);
  Ids good = all;
  std::erase(good, "e321");
  EXPECT_TRUE(stored(good));
  ASSERT_TRUE(at(500));
  const auto letters = f.queue.dead_letters();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].event_id, "e321");
  EXPECT_EQ(letters[0].event_source, "/test");
  EXPECT_EQ(letters[0].component_id, "out");
  EXPECT_TRUE(letters[0].from_sink);
  EXPECT_EQ(letters[0].code, "22P05");
  EXPECT_EQ(letters[0].reason, "cannot store e321");
  EXPECT_EQ(letters[0].body, event_json("e321"));
  EXPECT_LE(f.peer.writes().size(), 1U + 20U);  // halving, not one by one
  EXPECT_EQ(f.metric(R"(cdviz_dead_letter_events_total{component_id="out",component_type="fake",)"
                     R"(reason="22P05"})"),
            1);
}

TEST_F(DispatcherTest, SeveralBadEventsOfABatchAreEachFound) {
  f.peer.answers_once(kAway);
  for (const auto* id : {"e0", "e1", "e50", "e99"}) f.peer.rejects(id);
  store(numbered(100));
  ASSERT_TRUE(at(100));
  EXPECT_EQ(f.peer.stored().size(), 96U);
  EXPECT_EQ(letter_ids(f.queue), (Ids{"e0", "e1", "e50", "e99"}));
  // Counted just after the cursor has moved past the last one.
  EXPECT_TRUE(eventually([&] { return f.status("out").rejected == 4U; }, f.clock));
  const auto status = f.status("out");
  EXPECT_EQ(status.delivered, 96U);
  EXPECT_EQ(status.pending, 0U);
}

TEST_F(DispatcherTest, ASinkThatGoesAwayWhileABatchIsHalvedGetsOnlyTheRestAgain) {
  f.peer.answers_once({Fault::reject, "bad", "22P05"});  // of four
  f.peer.rejects("d");
  store({"a", "b", "c", "d"});
  EXPECT_TRUE(stored({"a", "b", "c"}));
  ASSERT_TRUE(at(4));
  EXPECT_EQ(f.peer.writes()[1], (Ids{"a", "b"}));
  EXPECT_EQ(letter_ids(f.queue), Ids{"d"});
}

TEST_F(DispatcherTest, ASinkThatRefusesEverythingIsStoppedBeforeTheQueueIsEmptied) {
  f.peer.answers({Fault::reject, "column \"payload\" is missing", "23502"});
  store(numbered(300));
  ASSERT_TRUE(eventually([&] { return f.is("out", State::stopped); }));
  EXPECT_EQ(f.queue.dead_letters().size(), RejectGuard::kInRow);
  EXPECT_NE(f.status("out").last_error.find("column \"payload\" is missing"), std::string::npos);
  const auto before = f.peer.writes().size();
  ASSERT_TRUE(eventually([&] { return f.peer.writes().size() > before + 150; }, f.clock));
  EXPECT_EQ(f.queue.dead_letters().size(), RejectGuard::kInRow) << "it goes on refusing";

  f.peer.works();
  ASSERT_TRUE(at(300));
  EXPECT_EQ(f.queue.dead_letters().size(), RejectGuard::kInRow);
  const Ids stored_ids =
      f.peer.stored();  // one of them twice: it was what showed that the sink works
  EXPECT_EQ(std::set(stored_ids.begin(), stored_ids.end()).size(), 200U);
  EXPECT_TRUE(f.is("out", State::running));
}

TEST_F(DispatcherTest, NothingToTryDoesNotShowThatASinkWorksAgain) {
  f.peer.answers({Fault::reject, "column \"payload\" is missing", "23502"});
  store(numbered(300));
  ASSERT_TRUE(eventually([&] { return f.is("out", State::stopped); }));
  f.queue.lose_everything();
  const auto reads = f.queue.reads();
  ASSERT_TRUE(eventually([&] { return f.queue.reads() > reads; }, f.clock));
  store({"new"});
  ASSERT_TRUE(eventually([&] { return f.peer.writes().back() == Ids{"new"}; }, f.clock));
  ASSERT_TRUE(eventually([&] { return f.is("out", State::stopped); }, f.clock));
  EXPECT_EQ(f.queue.dead_letters().size(), RejectGuard::kInRow);
  f.peer.works();
  EXPECT_TRUE(eventually([&] { return f.is("out", State::running); }, f.clock));
}

TEST_F(DispatcherTest, ALongRowOfBadEventsIsKeptOnceTheSinkTakesTheOneBehind) {
  const Ids bad = numbered(150);
  for (const auto& id : bad) f.peer.rejects(id);
  store(bad);
  store({"good"});
  EXPECT_TRUE(stored({"good", "good"}));  // the first time it showed that the sink works
  ASSERT_TRUE(at(151));
  EXPECT_EQ(letter_ids(f.queue), bad);
  EXPECT_GE(f.peer.times().back() - f.peer.times().front(), 30s);
  EXPECT_TRUE(f.is("out", State::running));
}

TEST_F(DispatcherTest, ASinkThatIsStoppedIsTriedEvery30Seconds) {
  f.peer.answers({Fault::stop, "password authentication failed", "28P01"});
  store({"a"});
  ASSERT_TRUE(eventually([&] { return f.peer.writes().size() == 3; }, f.clock));
  EXPECT_TRUE(f.is("out", State::stopped));
  EXPECT_EQ(f.metric(R"(cdviz_component_up{component_id="out")"), 0);
  f.peer.works();
  EXPECT_TRUE(stored({"a"}));
  const auto times = f.peer.times();
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 1], 30s);
  ASSERT_TRUE(eventually([&] { return f.is("out", State::running); }));
  EXPECT_EQ(f.metric(R"(cdviz_component_up{component_id="out")"), 1);
}

TEST_F(DispatcherTest, AnExceptionOfASinkIsTriedAgainLikeAnyFailure) {
  f.peer.throws();
  store({"a"});
  ASSERT_TRUE(eventually([&] { return f.peer.writes().size() >= 2; }, f.clock));
  ASSERT_TRUE(eventually([&] { return f.is("out", State::waiting); }));
  EXPECT_EQ(f.status("out").last_error, "unexpected: a bug");
  f.peer.works();
  EXPECT_TRUE(stored({"a"}));
}

TEST_F(DispatcherTest, WhileTheDeadLettersAreFullTheSinkWaitsAndSaysSo) {
  f.queue.set_dead_letters_full(true);
  f.peer.rejects("bad");
  store({"a", "bad", "c"});
  ASSERT_TRUE(eventually([&] { return f.is("out", State::waiting); }));
  EXPECT_EQ(f.status("out").last_error, "the dead letters are full");
  EXPECT_EQ(f.peer.stored(), Ids{"a"});
  EXPECT_EQ(f.status("out").rejected, 0U);
  f.queue.set_dead_letters_full(false);
  EXPECT_TRUE(stored({"a", "c"}));
  ASSERT_TRUE(at(3));
  EXPECT_EQ(letter_ids(f.queue), Ids{"bad"});
}

TEST_F(DispatcherTest, AQueueThatCannotBeReadIsTriedAgain) {
  f.queue.set_reads_fail(true);
  store({"a"});
  ASSERT_TRUE(eventually([&] { return f.is("out", State::waiting); }, f.clock));
  EXPECT_EQ(f.status("out").last_error, "the disk is away");
  f.queue.set_reads_fail(false);
  EXPECT_TRUE(stored({"a"}));
}

TEST_F(DispatcherTest, EventsThatADamagedQueueHasLostDoNotKeepItBusy) {
  f.peer.answers(kAway);
  store({"a", "b"});
  ASSERT_TRUE(eventually([&] { return f.is("out", State::waiting); }));
  Parts parts;
  parts.sources.push_back(f.source());
  ASSERT_TRUE(f.pipeline->reload(std::move(parts)).has_value());
  f.queue.lose_everything();
  f.peer.works();
  const int before = f.queue.reads();
  ASSERT_TRUE(f.pipeline->reload(f.parts()).has_value());
  ASSERT_TRUE(eventually([&] { return f.queue.reads() >= before + 2; }));
  store({"c"});
  EXPECT_TRUE(stored({"c"}));
  EXPECT_LE(f.queue.reads(), before + 10);
}

TEST_F(DispatcherTest, TheBalanceOfASinkIsExact) {
  f.peer.rejects("bad");
  store({"a", "bad", "c"});
  ASSERT_TRUE(at(3));
  EXPECT_EQ(f.metric(R"(cdviz_sent_events_total{component_id="out")"), 2);
  EXPECT_EQ(f.metric(R"(cdviz_sent_bytes_total{component_id="out")"),
            static_cast<double>(event_json("a").size() + event_json("c").size()));
  EXPECT_EQ(f.metric(R"(cdviz_end_to_end_latency_seconds_count{component_id="out")"), 2);
  EXPECT_GE(f.metric(R"(cdviz_send_duration_seconds_count{component_id="out")"), 4);
  EXPECT_EQ(f.metric(R"(cdviz_batch_events_sum{component_id="out")"), 2);
}

TEST(Dispatcher, ASickSinkDoesNotHoldUpAnother) {
  Fixture f;
  FakePeer sick(f.clock);
  sick.hangs();
  Parts parts = f.parts();
  parts.sinks.push_back(f.sink(sick, "sick", "1"));
  f.start(std::move(parts));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(f.put({"e" + std::to_string(i)}).has_value());
  EXPECT_TRUE(eventually([&] { return f.peer.stored().size() == 20; }));
  EXPECT_EQ(sick.stored(), Ids{});
  EXPECT_EQ(f.status("sick").pending, 20U);
  sick.hangs_no_more();
  EXPECT_TRUE(eventually([&] { return sick.stored() == f.peer.stored(); }));
}

TEST(Dispatcher, BatchesAreNoLargerThanTheSinkWants) {
  Fixture f;
  FakePeer small(f.clock);
  Parts parts = f.parts();
  parts.sinks.push_back(f.sink(small, "small", "1", 3));
  f.start(std::move(parts));
  ASSERT_TRUE(f.put(numbered(10)).has_value());
  EXPECT_TRUE(eventually([&] { return small.stored() == numbered(10); }));
  for (const auto& batch : small.writes()) EXPECT_LE(batch.size(), 3U);
}

TEST(Dispatcher, ANewSinkStartsFromNowOrFromTheOldest) {
  Fixture f;
  FakePeer late(f.clock), complete(f.clock);
  f.start();
  f.peer.hangs();
  ASSERT_TRUE(f.put({"a"}).has_value());
  Parts parts = f.parts();
  parts.sinks.push_back(f.sink(late, "late", "1"));
  parts.sinks.push_back(f.sink(complete, "complete", "1"));
  parts.sinks.back().from = queue::From::oldest;
  ASSERT_TRUE(f.pipeline->reload(std::move(parts)).has_value());
  ASSERT_TRUE(f.put({"b"}).has_value());
  EXPECT_TRUE(eventually([&] { return complete.stored() == (Ids{"a", "b"}); }));
  EXPECT_TRUE(eventually([&] { return late.stored() == Ids{"b"}; }));
}

struct FilteredTest : ::testing::Test {
  void SetUp() override {
    Parts parts = f.parts();
    parts.sinks.front().filter = {.except = {.sources = {"/noisy"}}};
    f.start(std::move(parts));
  }
  static Message from(const std::string& source, const std::string& id) {
    std::string json = event_json(id);
    json.replace(json.find("/test"), 5, source);
    return {.body = json};
  }
  void store(std::vector<Message> messages) {
    ASSERT_TRUE(f.put_messages(std::move(messages)).has_value());
  }
  bool at(std::int64_t position) {
    return eventually([&] { return f.queue.cursor("out") == queue::Position{position}; }, f.clock);
  }
  Fixture f;
};

TEST_F(FilteredTest, TheCursorMovesPastWhatIsFilteredAndItIsCountedOnce) {
  f.peer.answers(kAway);  // each of the tries reads the filtered ones again
  store({from("/noisy", "1"), from("/test", "a"), from("/noisy", "2"), from("/noisy", "3"),
         from("/test", "b"), from("/noisy", "4")});
  ASSERT_TRUE(eventually([&] { return f.peer.writes().size() >= 4; }, f.clock));
  f.peer.works();
  ASSERT_TRUE(at(6));
  EXPECT_EQ(f.peer.stored(), (Ids{"a", "b"}));
  ASSERT_TRUE(eventually([&] { return f.status("out").filtered == 4U; }, f.clock));
  EXPECT_EQ(f.status("out").delivered, 2U);
  EXPECT_EQ(f.status("out").pending, 0U);
  EXPECT_EQ(f.metric(R"(cdviz_sink_filtered_events_total{component_id="out")"), 4);
}

TEST_F(FilteredTest, WhenNothingPassesTheQueueEmptiesAllTheSame) {
  std::vector<Message> all;
  for (int i = 0; i < 1200; ++i) all.push_back(from("/noisy", "n" + std::to_string(i)));
  store(std::move(all));
  ASSERT_TRUE(at(1200));
  EXPECT_TRUE(f.peer.writes().empty());
  EXPECT_TRUE(eventually([&] { return f.status("out").filtered == 1200U; }, f.clock));
}

TEST_F(FilteredTest, WhatIsRejectedBesideIsBalanced) {
  f.peer.rejects("bad");
  store({from("/noisy", "1"), from("/test", "bad"), from("/noisy", "2"), from("/test", "b")});
  ASSERT_TRUE(at(4));
  ASSERT_TRUE(eventually([&] { return f.status("out").rejected == 1U; }, f.clock));
  EXPECT_EQ(f.status("out").filtered, 2U);
  EXPECT_EQ(f.status("out").delivered, 1U);
}

/// What a sink's transformer does with an event, by its id.
struct ChangeForSink final : Transform {
  Result<Transformed> apply(Message m) const override {
    const auto has = [&](std::string_view id) {
      return m.body.find("\"id\":\"" + std::string(id)) != std::string::npos;
    };
    if (has("drop")) return Transformed{{}, "not for this sink"};
    if (has("fail")) return Error{Fault::reject, "script:3: no such field", "transform"};
    if (has("nonsense")) return Transformed{messages_of({"{}"})};
    if (has("three")) {
      return Transformed{messages_of({event_json("t1"), event_json("t2"), event_json("t3")})};
    }
    Transformed out;
    out.messages.push_back(std::move(m));
    return out;
  }
  static std::vector<Message> messages_of(const std::vector<std::string>& bodies) {
    std::vector<Message> all;
    for (const auto& body : bodies) all.push_back({.body = body});
    return all;
  }
};

struct TransformedTest : FilteredTest {
  void SetUp() override {
    Parts parts = f.parts();
    parts.sinks.front().transforms.push_back(std::make_unique<ChangeForSink>());
    f.start(std::move(parts));
  }
};

TEST_F(TransformedTest, ASinkGetsWhatItsTransformersMakeInTheirOrder) {
  store(messages({"a", "three", "drop", "b"}));
  ASSERT_TRUE(at(4));
  EXPECT_EQ(f.peer.stored(), (Ids{"a", "t1", "t2", "t3", "b"}));
  EXPECT_TRUE(eventually([&] { return f.status("out").filtered == 1U; }, f.clock));
}

TEST_F(TransformedTest, WhatTheyFailOnBecomesADeadLetterOfTheSinkAsItStoodInTheQueue) {
  store(messages({"a", "fail", "b", "nonsense", "c"}));
  ASSERT_TRUE(at(5));
  EXPECT_EQ(f.peer.stored(), (Ids{"a", "b", "c"}));
  const auto letters = f.queue.dead_letters();
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_TRUE(letters[0].from_sink);
  EXPECT_EQ(letters[0].code, "transform");
  EXPECT_EQ(letters[0].reason, "script:3: no such field");
  EXPECT_EQ(letters[0].body, event_json("fail"));
  EXPECT_EQ(letters[1].body, event_json("nonsense"));
}

TEST_F(TransformedTest, TheCursorPassesAnEventWhenAllThatWasMadeOfItIsDone) {
  f.peer.rejects("t2");
  store(messages({"three", "b"}));
  ASSERT_TRUE(at(2));
  EXPECT_EQ(f.peer.stored(), (Ids{"t1", "t3", "b"}));
  const auto letters = f.queue.dead_letters();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].body, event_json("three"));  // a replay goes through the transformers again
}

}  // namespace
}  // namespace cdviz::pipeline::testing
