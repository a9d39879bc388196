// What the queue promises to the pipeline when nothing breaks. What breaks: *_fault_test,
// recovery_test, power_loss_test.
#include "queue/queue.h"

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "queue/queue_fixture.h"

namespace cdviz::queue {
namespace {

class QueueTest : public QueueFixture {};

TEST_F(QueueTest, AnEventComesBackByteForByte) {
  open();
  const Event sent = event("one");
  Batch batch;
  batch.events = {sent};
  const auto position = put_batch(std::move(batch));
  ASSERT_TRUE(position) << position.error().message;
  EXPECT_EQ(*position, Position{1});
  reopen();
  const auto found = queue_->read(Position{0}, 10, 1000);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  const EventData& got = *found->front().event;
  EXPECT_EQ(got.source, sent->source);
  EXPECT_EQ(got.id, sent->id);
  EXPECT_EQ(got.type, sent->type);
  EXPECT_EQ(got.timestamp, sent->timestamp);
  EXPECT_EQ(got.subject_id, sent->subject_id);
  EXPECT_EQ(got.json, sent->json);
  EXPECT_EQ(got.headers, sent->headers);
  EXPECT_EQ(got.origin, sent->origin);
  EXPECT_EQ(got.received_at, sent->received_at);
  EXPECT_EQ(found->front().target, "");
}

TEST_F(QueueTest, BytesThatAreNoTextComeBackToo) {
  open();
  EventData data = *event("x");
  data.json = std::string("a\0b\xff\xfe\"", 6);
  data.headers.add(std::string("n\0n", 3), "");
  Batch batch;
  batch.events.emplace_back(data);
  ASSERT_TRUE(put_batch(std::move(batch)));
  const auto found = queue_->read(Position{0}, 1, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front().event->json, data.json);
  EXPECT_EQ(found->front().event->headers, data.headers);
}

TEST_F(QueueTest, ReadKeepsOrderAndBothLimitsButGivesAtLeastOne) {
  open();
  ASSERT_TRUE(put({"a", "b", "c", "d"}, 1000));
  EXPECT_EQ(read_ids(), (Ids{"a", "b", "c", "d"}));
  EXPECT_EQ(read_ids(Position{1}, 2), (Ids{"b", "c"}));
  EXPECT_EQ(read_ids(Position{0}, 10, 2400), (Ids{"a", "b"}));
  EXPECT_EQ(read_ids(Position{2}, 10, 1), (Ids{"c"}));
  EXPECT_EQ(read_ids(Position{4}), Ids{});
}

TEST_F(QueueTest, ABatchOfNothingSettlesWithTheLastPosition) {
  open();
  ASSERT_TRUE(put({"a", "b"}));
  const auto position = put_batch(Batch{});
  ASSERT_TRUE(position);
  EXPECT_EQ(*position, Position{2});
}

TEST_F(QueueTest, PositionsAreNotUsedTwiceEvenWhenTheQueueWasEmptyInBetween) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"a", "b", "c"}));
  ASSERT_TRUE(advance("db", Position{3}));
  ASSERT_TRUE(soon([&] { return queue_->status().events == 0; }));
  EXPECT_EQ(queue_->status().bytes, 0U);
  reopen();
  const auto next = put({"d"});
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, Position{4});
  EXPECT_EQ(read_ids(Position{3}), Ids{"d"});
}

TEST_F(QueueTest, WithoutSinksNothingIsDeleted) {
  open();
  ASSERT_TRUE(put({"a", "b"}));
  reopen();
  EXPECT_EQ(read_ids(), (Ids{"a", "b"}));
}

TEST_F(QueueTest, EventsStayUntilTheSlowestSinkHasThem) {
  open();
  ASSERT_TRUE(queue_->attach("fast", From::oldest));
  ASSERT_TRUE(queue_->attach("slow", From::oldest));
  ASSERT_TRUE(put({"a", "b", "c"}));
  queue_->advance("fast", Position{3}, {}, nullptr);
  queue_->advance("slow", Position{1}, {}, nullptr);
  ASSERT_TRUE(soon([&] { return queue_->status().events == 2; }));
  const auto status = queue_->status();
  ASSERT_EQ(status.sinks.size(), 2U);
  EXPECT_EQ(status.sinks[0].name, "fast");
  EXPECT_EQ(status.sinks[0].pending_events, 0U);
  EXPECT_EQ(status.sinks[1].pending_events, 2U);
  EXPECT_EQ(status.sinks[1].pending_bytes, status.bytes);
  EXPECT_EQ(status.sinks[1].oldest, event("b")->received_at);
}

TEST_F(QueueTest, ASinkStartsFromNowOrFromTheOldestAndThenFromWhereItWas) {
  open();
  ASSERT_TRUE(put({"a", "b"}));
  EXPECT_EQ(*queue_->attach("new", From::now), Position{2});
  EXPECT_EQ(*queue_->attach("old", From::oldest), Position{0});
  queue_->advance("old", Position{1}, {}, nullptr);
  reopen();
  EXPECT_EQ(*queue_->attach("old", From::now), Position{1});
  EXPECT_EQ(*queue_->attach("new", From::oldest), Position{2});
}

TEST_F(QueueTest, ACursorNeverMovesBack) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"a", "b"}));
  ASSERT_TRUE(advance("db", Position{2}));
  ASSERT_TRUE(advance("db", Position{1}));
  reopen();
  EXPECT_EQ(*queue_->attach("db", From::oldest), Position{2});
}

TEST_F(QueueTest, AReleasedSinkHoldsNothingBack) {
  open();
  ASSERT_TRUE(queue_->attach("gone", From::oldest));
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"a"}));
  ASSERT_TRUE(advance("db", Position{1}));
  EXPECT_EQ(queue_->status().events, 1U);
  EXPECT_EQ(*queue_->release("gone"), true);
  EXPECT_EQ(*queue_->release("gone"), false);
  EXPECT_TRUE(soon([&] { return queue_->status().events == 0; }));
}

TEST_F(QueueTest, CheckpointsOfASourceAreWalkedThroughByTheirKeys) {
  open();
  Batch batch;
  batch.source = "folder";
  batch.checkpoint.entries = {{"b/3", "three"}, {"b/1", "one"},     {"a", "0"},
                              {"b/2", ""},      {"b/\xff", "last"}, {"c", "0"}};
  ASSERT_TRUE(put_batch(std::move(batch)));
  Batch other;
  other.source = "other";
  other.checkpoint.entries = {{"b/0", "of another source"}};
  ASSERT_TRUE(put_batch(std::move(other)));

  std::vector<std::string> keys;
  std::string after;
  for (;;) {
    const auto page = queue_->checkpoints("folder", "b/", after, 2);
    ASSERT_TRUE(page);
    ASSERT_LE(page->size(), 2U);
    for (const auto& entry : *page) keys.push_back(entry.key + "=" + entry.value.value_or("?"));
    if (page->size() < 2) break;
    after = page->back().key;
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"b/1=one", "b/2=", "b/3=three", "b/\xff=last"}));
  EXPECT_EQ(queue_->checkpoints("folder", "", "", 100)->size(), 6U);
  EXPECT_TRUE(queue_->checkpoints("folder", "d", "", 100)->empty());
}

TEST_F(QueueTest, CheckpointsAreCommittedWithTheirEvents) {
  open();
  Batch batch;
  batch.source = "folder";
  batch.events = {event("a")};
  batch.checkpoint.entries = {{"file", "42"}, {"gone", "1"}};
  ASSERT_TRUE(put_batch(std::move(batch)));
  Batch removal;
  removal.source = "folder";
  removal.checkpoint.entries = {{"gone", std::nullopt}};
  ASSERT_TRUE(put_batch(std::move(removal)));
  reopen();
  EXPECT_EQ(*queue_->checkpoint("folder", "file"), "42");
  EXPECT_EQ(*queue_->checkpoint("folder", "gone"), std::nullopt);
  EXPECT_EQ(*queue_->checkpoint("other", "file"), std::nullopt);
}

TEST_F(QueueTest, WhoWaitsForAnEventIsWokenByIt) {
  open();
  std::thread sender([&] { ASSERT_TRUE(put({"a"})); });
  EXPECT_TRUE(queue_->wait_beyond(Position{0}, std::chrono::seconds(30), {}));
  sender.join();
  EXPECT_FALSE(queue_->wait_beyond(Position{1}, std::chrono::milliseconds(1), {}));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(queue_->wait_beyond(Position{1}, std::chrono::hours(1), stop.get_token()));
}

TEST_F(QueueTest, AFullQueueSaysSoAndTakesAgainWhenASinkMadeRoom) {
  settings_.max_bytes = 2000;
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"a"}, 1500));
  Batch batch;
  batch.events = {event("b", 1500)};
  batch.settled = [](const Result<Position>&) { FAIL() << "was not taken"; };
  EXPECT_EQ(queue_->submit(std::move(batch), false), Offered::full);
  EXPECT_FALSE(queue_->status().accepting);
  EXPECT_NE(queue_->status().reason.find("max_bytes"), std::string::npos);
  std::thread sender([&] { EXPECT_TRUE(put({"c"}, 1500)); });
  queue_->advance("db", Position{1}, {}, nullptr);
  sender.join();
  EXPECT_TRUE(queue_->status().accepting);
  EXPECT_EQ(read_ids(Position{1}), Ids{"c"});
}

TEST_F(QueueTest, TheLimitHoldsAfterAStart) {
  settings_.max_bytes = 2000;
  open();
  ASSERT_TRUE(put({"a"}, 1500));
  const auto before = queue_->status().bytes;
  reopen();
  EXPECT_EQ(queue_->status().bytes, before);
  Batch batch;
  batch.events = {event("b", 1500)};
  EXPECT_EQ(queue_->submit(std::move(batch), false), Offered::full);
}

TEST_F(QueueTest, WhoWaitsForRoomIsLetGoByHisStopToken) {
  settings_.max_bytes = 2000;
  open();
  ASSERT_TRUE(put({"a"}, 1500));
  std::stop_source stop;
  stop.request_stop();
  Batch batch;
  batch.events = {event("b", 1500)};
  EXPECT_EQ(queue_->submit(std::move(batch), true, stop.get_token()), Offered::closed);
}

TEST_F(QueueTest, ABatchThatCanNeverFitIsRefusedForGood) {
  settings_.max_bytes = 2000;
  open();
  const auto outcome = put({"a"}, 5000);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().fault, Fault::reject);
  EXPECT_TRUE(put({"b"}, 1000));
}

TEST_F(QueueTest, ClosingCommitsWhatWasSubmitted) {
  open();
  std::atomic<int> settled = 0;
  for (int i = 0; i < 100; ++i) {
    Batch batch;
    batch.events = {event(std::to_string(i))};
    batch.settled = [&](const Result<Position>& outcome) { settled += outcome ? 1 : 0; };
    ASSERT_EQ(queue_->submit(std::move(batch), true), Offered::taken);
  }
  close();
  EXPECT_EQ(settled, 100);
  open();
  EXPECT_EQ(queue_->status().events, 100U);
}

TEST_F(QueueTest, OneCollectorToADirectory) {
  open();
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::stop);
  EXPECT_NE(second.error().message.find("another collector (pid " + std::to_string(::getpid())),
            std::string::npos)
      << second.error().message;
  close();
  open();
}

TEST_F(QueueTest, ADirectoryThatCannotBeMadeStops) {
  std::ofstream(directory_.path() / "file") << "x";
  settings_.directory = directory_.path() / "file" / "queue";
  const auto opened = Queue::open(settings_, clock_, *metrics_, log_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::stop);
}

TEST_F(QueueTest, ManySendersAndReadersAtOnceLoseAndDoubleNothing) {
  settings_.durability = Durability::os;
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  constexpr int kSenders = 4;
  constexpr int kEvents = 300;
  std::multiset<std::string> delivered;
  std::thread sink([&] {
    Position at{0};
    while (delivered.size() < kSenders * kEvents) {
      if (!queue_->wait_beyond(at, std::chrono::seconds(20), {})) break;
      const auto found = queue_->read(at, 50, 1 << 20);
      ASSERT_TRUE(found);
      for (const auto& stored : *found) delivered.insert(stored.event->id);
      at = found->back().position;
      queue_->advance("db", at, {}, nullptr);
    }
  });
  std::thread watcher([&] {
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(queue_->replay_requests(10));
      EXPECT_LE(queue_->status().events, std::uint64_t{kSenders * kEvents});
      EXPECT_FALSE(metrics_->text().empty());
    }
  });
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; i < kEvents; ++i)
        ASSERT_TRUE(put({std::to_string(sender) + "-" + std::to_string(i)}));
    });
  }
  for (auto& sender : senders) sender.join();
  watcher.join();
  sink.join();
  EXPECT_EQ(delivered.size(), std::size_t{kSenders * kEvents});
  EXPECT_EQ(std::set<std::string>(delivered.begin(), delivered.end()).size(),
            std::size_t{kSenders * kEvents});
  EXPECT_TRUE(soon([&] { return queue_->status().events == 0; }));
}

}  // namespace
}  // namespace cdviz::queue
