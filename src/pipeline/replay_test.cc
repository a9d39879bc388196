// Dead letters that somebody asked to replay.
#include <gtest/gtest.h>

#include "pipeline/sink_letter.h"
#include "pipeline/testing/fixture.h"

namespace cdviz::pipeline::testing {
namespace {

struct Replay : ::testing::Test {
  Fixture f;
  bool letters(std::size_t count) {
    return eventually([&] { return f.queue.dead_letters().size() == count; }, f.clock);
  }
  bool stored(const Ids& ids) {
    return eventually([&] { return f.peer.stored() == ids; }, f.clock);
  }
};

TEST_F(Replay, WhatASinkRejectedGoesToThatSinkAloneAsItWas) {
  FakePeer other(f.clock);
  Parts parts = f.parts();
  parts.sinks.push_back(f.sink(other, "other", "1"));
  f.start(std::move(parts));
  f.peer.rejects("a");
  std::vector<Message> batch = messages({"a"});
  batch[0].headers.add("traceparent", "00-1-2-01");
  const auto received_at = f.clock.wall();
  ASSERT_TRUE(f.put_messages(std::move(batch)).has_value());
  ASSERT_TRUE(eventually([&] { return f.queue.dead_letters().size() == 1; }));
  f.clock.advance(std::chrono::hours(1));

  f.peer.accepts("a");
  f.queue.request_replay();
  ASSERT_TRUE(stored({"a"}));
  const Event event = f.peer.events()[0];
  EXPECT_EQ(event->json, event_json("a"));
  EXPECT_EQ(event->headers.find("traceparent"), "00-1-2-01");
  EXPECT_EQ(event->origin, "in");
  EXPECT_EQ(event->received_at, received_at);
  EXPECT_TRUE(letters(0));
  EXPECT_TRUE(eventually([&] { return f.queue.cursor("other") == queue::Position{2}; }));
  EXPECT_EQ(other.stored(), Ids{"a"}) << "it had it already";
}

TEST_F(Replay, WhatASinkRejectsAgainIsADeadLetterAgain) {
  f.start();
  f.peer.rejects("a");
  ASSERT_TRUE(f.put({"a"}).has_value());
  ASSERT_TRUE(letters(1));
  f.peer.rejects("a", "23514");
  f.queue.request_replay();
  ASSERT_TRUE(eventually(
      [&] {
        const auto all = f.queue.dead_letters();
        return all.size() == 1 && all[0].code == "23514";
      },
      f.clock));
}

/// A dead letter of the source "in" with `body`, as an older version might have left it.
void leave_letter(MemoryQueue& queue, std::string body, bool from_sink = false,
                  std::string component = "in") {
  Answer answer;
  queue::Batch batch;
  batch.dead_letters.push_back({.component_id = std::move(component),
                                .from_sink = from_sink,
                                .code = "old",
                                .reason = "old",
                                .body = std::move(body)});
  std::promise<void> kept;
  batch.settled = [&](const auto&) { kept.set_value(); };
  ASSERT_EQ(queue.submit(std::move(batch), false, {}), Offered::taken);
  kept.get_future().wait();
}

TEST_F(Replay, WhatASourceRefusedIsCheckedAgainAndStored) {
  leave_letter(f.queue, event_json("a"));
  f.start();
  f.queue.request_replay();
  ASSERT_TRUE(stored({"a"}));
  EXPECT_EQ(f.peer.events()[0]->origin, "in");
  EXPECT_TRUE(letters(0));
  EXPECT_TRUE(eventually([&] { return f.status("in").queued == 1; }));
  EXPECT_EQ(f.status("in").received, 1U);
}

TEST_F(Replay, WhatIsRefusedAgainIsADeadLetterWithTheNewReason) {
  leave_letter(f.queue, "no json");
  f.start();
  f.queue.request_replay();
  ASSERT_TRUE(eventually(
      [&] {
        const auto all = f.queue.dead_letters();
        return all.size() == 1 && all[0].code != "old";
      },
      f.clock));
  EXPECT_EQ(f.queue.dead_letters()[0].body, "no json");
  EXPECT_EQ(f.queue.dead_letters()[0].at, f.clock.wall());
}

TEST_F(Replay, ALetterOfASourceThatIsGoneNeedsNoSource) {
  leave_letter(f.queue, event_json("a"), false, "gone");
  f.start();
  f.queue.request_replay();
  ASSERT_TRUE(stored({"a"}));
  EXPECT_EQ(f.peer.events()[0]->origin, "gone");
}

TEST_F(Replay, ALetterOfASinkThatIsGoneStaysAndSaysWhy) {
  leave_letter(f.queue, event_json("a"), true, "gone");
  f.start();
  f.queue.request_replay();
  ASSERT_TRUE(eventually(
      [&] {
        const auto all = f.queue.dead_letters();
        return all.size() == 1 && all[0].code == "no_such_sink";
      },
      f.clock));
  EXPECT_EQ(f.queue.dead_letters()[0].body, event_json("a"));
  EXPECT_TRUE(f.queue.dead_letters()[0].from_sink);
}

TEST_F(Replay, AsManyAsThereAreAreReplayedAtOnce) {
  Ids ids;
  for (int i = 0; i < 50; ++i) {
    ids.push_back("e" + std::to_string(i));
    leave_letter(f.queue, event_json(ids.back()));
  }
  f.start();
  f.queue.request_replay();
  EXPECT_TRUE(stored(ids));
  EXPECT_TRUE(letters(0));
}

TEST_F(Replay, WhileTheQueueCannotStoreALetterStaysWhereItIs) {
  leave_letter(f.queue, event_json("a"));
  f.start();
  f.queue.set_commits_fail(true);
  f.queue.request_replay();
  const auto before = f.clock.now();
  ASSERT_TRUE(
      eventually([&] { return f.clock.now() - before > std::chrono::seconds(3); }, f.clock));
  EXPECT_EQ(f.queue.dead_letters().size(), 1U);
  f.queue.set_commits_fail(false);
  EXPECT_TRUE(stored({"a"}));
}

TEST(SinkLetter, TheNotesOfAnEventComeBackByteForByte) {
  EventData before;
  before.origin = "in";
  before.notes = R"({"normalised":["time"],"original":"{\"n\": 1.10}"})";
  queue::DeadLetter letter;
  letter.body = event_json("a");
  letter.metadata = sink_letter_metadata(before);
  const auto after = event_of(letter);
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ((*after)->notes, before.notes);
  EXPECT_EQ((*after)->origin, "in");
}

TEST(SinkLetter, MetadataThatIsNotOursIsPassedOver) {
  for (const char* metadata : {"", "[]", "{", R"({"origin":1,"received_at_ms":"x","notes":[]})"}) {
    queue::DeadLetter letter;
    letter.body = event_json("a");
    letter.metadata = metadata;
    letter.at = WallTime(std::chrono::milliseconds(5));
    const auto event = event_of(letter);
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ((*event)->origin, "");
    EXPECT_EQ((*event)->notes, "");
    EXPECT_EQ((*event)->received_at, letter.at);
  }
}

TEST(SinkLetter, BytesThatAreNoEventAreLeftAlone) {
  queue::DeadLetter letter;
  letter.body = "no json";
  EXPECT_FALSE(event_of(letter).has_value());
  EXPECT_EQ(letter.body, "no json");
}

}  // namespace
}  // namespace cdviz::pipeline::testing
