// Dead letters, and what commands see and change from outside while a collector runs.
#include "queue/inspect.h"

#include <gtest/gtest.h>

#include "queue/queue_fixture.h"
#include "queue/schema.h"

namespace cdviz::queue {
namespace {

class InspectTest : public QueueFixture {
 protected:
  Result<Position> put_letters(const Ids& ids, const std::string& body = "{bad") {
    Batch batch;
    for (const auto& id : ids) batch.dead_letters.push_back(letter(id, body));
    return put_batch(std::move(batch));
  }
  std::unique_ptr<Inspector> inspect() {
    auto opened = Inspector::open(directory_.path());
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  Ids letter_ids(const LetterFilter& filter = {}) {
    Ids ids;
    EXPECT_TRUE(inspect()->letters(filter, [&](const ListedLetter& listed) {
      ids.push_back(listed.letter.event_id);
      return true;
    }));
    return ids;
  }
};

TEST_F(InspectTest, ADeadLetterComesBackByteForByte) {
  open();
  DeadLetter sent = letter("a", std::string("{\0\xff\x1b[31m", 8));
  sent.from_sink = true;
  Batch batch;
  batch.dead_letters = {sent};
  ASSERT_TRUE(put_batch(std::move(batch)));
  int seen = 0;
  ASSERT_TRUE(inspect()->letters({}, [&](const ListedLetter& listed) {
    ++seen;
    const DeadLetter& got = listed.letter;
    EXPECT_EQ(got.number, 1);
    EXPECT_EQ(got.component_id, sent.component_id);
    EXPECT_TRUE(got.from_sink);
    EXPECT_EQ(got.code, sent.code);
    EXPECT_EQ(got.reason, sent.reason);
    EXPECT_EQ(got.body, sent.body);
    EXPECT_EQ(got.headers, sent.headers);
    EXPECT_EQ(got.metadata, sent.metadata);
    EXPECT_EQ(got.event_source, sent.event_source);
    EXPECT_EQ(got.event_id, sent.event_id);
    EXPECT_EQ(got.at, sent.at);
    EXPECT_FALSE(listed.damaged);
    EXPECT_FALSE(listed.replay_requested);
    return true;
  }));
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(queue_->status().dead_letters, 1U);
}

TEST_F(InspectTest, LettersAreFiltered) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"e"}));
  ASSERT_TRUE(put_letters({"a", "b"}));
  DeadLetter rejected = letter("c");
  rejected.component_id = "db";
  rejected.from_sink = true;
  rejected.code = "22P05";
  rejected.at += std::chrono::hours(1);
  ASSERT_TRUE(advance("db", Position{1}, {rejected}));
  EXPECT_EQ(letter_ids(), (Ids{"a", "b", "c"}));
  EXPECT_EQ(letter_ids({.component = "hooks"}), (Ids{"a", "b"}));
  EXPECT_EQ(letter_ids({.from_sink = true}), Ids{"c"});
  EXPECT_EQ(letter_ids({.code = "22P05"}), Ids{"c"});
  EXPECT_EQ(letter_ids({.since = rejected.at}), Ids{"c"});
  EXPECT_EQ(letter_ids({.numbers = {2, 3}}), (Ids{"b", "c"}));
  EXPECT_EQ(letter_ids({.limit = 1}), Ids{"a"});
  EXPECT_EQ(letter_ids({.component = "nobody"}), Ids{});
  EXPECT_EQ(letter_ids({.newest_first = true}), (Ids{"c", "b", "a"}));
  EXPECT_EQ(letter_ids({.limit = 1, .newest_first = true, .below = 3}), Ids{"b"});
  EXPECT_EQ(letter_ids({.newest_first = true, .below = 1}), Ids{});
}

TEST_F(InspectTest, LettersMarkedFromOutsideAreReplayedIntoTheQueue) {
  open();
  ASSERT_TRUE(put_letters({"a", "b"}));
  EXPECT_TRUE(queue_->replay_requests(10)->empty());
  EXPECT_EQ(*inspect()->mark({.numbers = {2, 7}}), std::vector<std::int64_t>{2});
  const auto requests = queue_->replay_requests(10);
  ASSERT_TRUE(requests);
  ASSERT_EQ(requests->size(), 1U);
  EXPECT_EQ(requests->front().event_id, "b");
  std::promise<Result<Position>> answer;
  Batch batch;
  batch.events = {event("b")};
  batch.settled = [&](const Result<Position>& outcome) { answer.set_value(outcome); };
  queue_->replayed(2, std::move(batch));
  ASSERT_TRUE(answer.get_future().get());
  EXPECT_EQ(read_ids(), Ids{"b"});
  EXPECT_EQ(letter_ids(), Ids{"a"});
  EXPECT_EQ(queue_->status().dead_letters, 1U);
}

TEST_F(InspectTest, ALetterThatIsGoneIsNotReplayed) {
  open();
  ASSERT_TRUE(put_letters({"a"}));
  ASSERT_EQ(*inspect()->drop({}), 1);
  std::promise<Result<Position>> answer;
  Batch batch;
  batch.events = {event("a")};
  batch.settled = [&](const Result<Position>& outcome) { answer.set_value(outcome); };
  queue_->replayed(1, std::move(batch));
  const auto outcome = answer.get_future().get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, "gone");
  EXPECT_EQ(read_ids(), Ids{});
}

TEST_F(InspectTest, ARequeuedLetterIsForItsSinkAlone) {
  open();
  ASSERT_TRUE(put_letters({"a"}));
  queue_->requeue(1, event("a"), "db");
  ASSERT_TRUE(queue_->wait_beyond(Position{0}, std::chrono::seconds(20), {}));
  const auto found = queue_->read(Position{0}, 10, 1 << 20);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front().target, "db");
  EXPECT_EQ(found->front().event->id, "a");
  EXPECT_EQ(letter_ids(), Ids{});
}

TEST_F(InspectTest, FullDeadLettersRefuseWhatWouldBeRefusedUntilSomebodyDropsThem) {
  settings_.dead_letters_max_bytes = 3000;
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"e"}));
  ASSERT_TRUE(put_letters({"a"}, std::string(2000, 'x')));
  Batch batch;
  batch.dead_letters = {letter("b", std::string(2000, 'x'))};
  EXPECT_EQ(queue_->submit(std::move(batch), false), Offered::full);
  EXPECT_FALSE(queue_->status().accepting);
  EXPECT_NE(queue_->status().reason.find("dead-letters drop"), std::string::npos);
  const auto refused = advance("db", Position{1}, {letter("c", std::string(2000, 'x'))});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "dead_letters_full");
  EXPECT_EQ(refused.error().fault, Fault::retry);
  EXPECT_EQ(queue_->status().sinks[0].cursor, Position{0});
  EXPECT_TRUE(put({"still"})) << "what is good is still taken";
  ASSERT_EQ(*inspect()->drop({}), 1);
  EXPECT_TRUE(soon([&] { return queue_->status().accepting; }));
  EXPECT_TRUE(advance("db", Position{1}, {letter("c", std::string(2000, 'x'))}));
  EXPECT_EQ(queue_->status().sinks[0].cursor, Position{1});
}

TEST_F(InspectTest, StatusIsTheSameFromOutside) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"a", "b", "c"}));
  ASSERT_TRUE(advance("db", Position{1}, {letter("x")}));
  const auto outside = inspect()->status();
  ASSERT_TRUE(outside) << outside.error().message;
  const auto inside = queue_->status();
  EXPECT_EQ(outside->status.dead_letters, inside.dead_letters);
  EXPECT_EQ(outside->status.dead_letter_bytes, inside.dead_letter_bytes);
  EXPECT_EQ(outside->status.last, inside.last);
  EXPECT_EQ(outside->status.max_bytes, inside.max_bytes);
  ASSERT_EQ(outside->sinks.size(), 1U);
  EXPECT_TRUE(outside->sinks[0].attached);
  EXPECT_EQ(outside->sinks[0].status.pending_events, 2U);
  EXPECT_EQ(outside->collector, ::getpid());
  close();
  const auto later = inspect()->status();
  ASSERT_TRUE(later);
  EXPECT_EQ(later->collector, std::nullopt);
  EXPECT_FALSE(later->sinks[0].attached);
}

TEST_F(InspectTest, AQueueThatWasEmptiedHasNoEvents) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  const auto last = put({"a", "b"});
  ASSERT_TRUE(last);
  ASSERT_TRUE(advance("db", *last));
  EXPECT_TRUE(soon([&] { return queue_->status().events == 0; }));
  const auto outside = inspect()->status();
  ASSERT_TRUE(outside) << outside.error().message;
  EXPECT_EQ(outside->status.events, 0U);
  EXPECT_EQ(outside->status.bytes, 0U);
  EXPECT_EQ(outside->status.last, *last);
}

TEST_F(InspectTest, ASinkInUseIsReleasedOnlyByForceOthersAtOnce) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(queue_->attach("old", From::oldest));
  reopen();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  EXPECT_EQ(inspect()->release("db", false).error().code, "in_use");
  EXPECT_EQ(*inspect()->release("nobody", false), false);
  EXPECT_EQ(*inspect()->release("old", false), true);
  ASSERT_TRUE(put({"a"}));
  ASSERT_TRUE(advance("db", Position{1}));
  EXPECT_TRUE(soon([&] { return queue_->status().events == 0; })) << "nobody holds it back";
  EXPECT_EQ(*inspect()->release("db", true), true);
}

TEST_F(InspectTest, AllEventsAreExportedAndVerified) {
  open();
  Ids ids;
  for (int i = 0; i < 450; ++i) ids.push_back(std::to_string(i));
  ASSERT_TRUE(put(ids));
  ASSERT_TRUE(put_letters({"x"}));
  for (const bool running : {true, false}) {
    if (!running) close();
    Ids seen;
    ASSERT_TRUE(inspect()->events([&](const Stored& stored) {
      seen.push_back(stored.event->id);
      return true;
    }));
    EXPECT_EQ(seen, ids);
    const auto verified = inspect()->verify();
    ASSERT_TRUE(verified);
    EXPECT_TRUE(verified->sound());
    EXPECT_EQ(verified->events, 450);
    EXPECT_EQ(verified->letters, 1);
  }
}

TEST_F(InspectTest, ADirectoryWithoutAQueueSaysSo) {
  const auto opened = Inspector::open(directory_.path() / "nowhere");
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("there is no queue"), std::string::npos);
}

TEST_F(InspectTest, ANewerDatabaseIsRefusedAndLeftAsItIs) {
  open();
  ASSERT_TRUE(put({"a"}));
  close();
  const auto file = directory_.path() / "queue.db";
  {
    Connection database(file, Connection::Access::read_write, std::chrono::seconds(1));
    database.run(
        "PRAGMA user_version = 99; UPDATE facts SET value = 99 WHERE name = 'schema_version'");
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  const auto bytes = [&] {
    std::string content(std::filesystem::file_size(file), '\0');
    FILE* in = std::fopen(file.c_str(), "rb");
    EXPECT_EQ(std::fread(content.data(), 1, content.size(), in), content.size());
    std::fclose(in);
    return content;
  };
  const std::string before = bytes();
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::stop);
  EXPECT_NE(opened.error().message.find("newer program"), std::string::npos);
  EXPECT_EQ(bytes(), before);
  EXPECT_FALSE(Inspector::open(directory_.path()));
}

TEST_F(InspectTest, AnOlderDatabaseIsUpgradedStepByStep) {
  open();
  ASSERT_TRUE(put({"a"}));
  close();
  Connection database(directory_.path() / "queue.db", Connection::Access::read_write,
                      std::chrono::seconds(1));
  const std::array steps = {upgrades()[0], Upgrade{2, "ALTER TABLE events ADD COLUMN note TEXT"},
                            Upgrade{3, "UPDATE events SET note = 'upgraded'"}};
  ASSERT_TRUE(upgrade(database, steps));
  EXPECT_EQ(database.integer("PRAGMA user_version"), 3);
  EXPECT_EQ(database.integer("SELECT count(*) FROM events WHERE note = 'upgraded'"), 1);
  ASSERT_TRUE(upgrade(database, steps)) << "a second time there is nothing to do";
  const std::array broken = {steps[0], steps[1], steps[2],
                             Upgrade{4, "UPDATE events SET note = 'half'; nonsense"}};
  EXPECT_THROW(static_cast<void>(upgrade(database, broken)), SqliteError);
  EXPECT_EQ(database.integer("PRAGMA user_version"), 3);
  EXPECT_EQ(database.integer("SELECT count(*) FROM events WHERE note = 'half'"), 0);
}

}  // namespace
}  // namespace cdviz::queue
