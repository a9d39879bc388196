// What is larger than the whole queue: a batch, one event, a dead letter.
#include <gtest/gtest.h>

#include "pipeline/testing/on_disk.h"
#include "queue/sqlite.h"

namespace cdviz::pipeline::testing {
namespace {

constexpr std::size_t kQueue = 100'000, kLetters = 200'000;

Message large(const std::string& id, std::size_t bytes) {
  Message made = message(id);
  const auto at = made.body.find("\"content\":{") + 11;
  made.body.insert(at, "\"pad\":\"" + std::string(bytes, 'x') + "\"");
  return made;
}

struct Oversize : OnDisk {
  Oversize() {
    settings.max_bytes = kQueue;
    settings.dead_letters_max_bytes = kLetters;
  }
  static std::vector<Message> many(std::size_t count, std::size_t bytes, Ids& ids) {
    std::vector<Message> all;
    for (std::size_t i = 0; i < count; ++i) {
      ids.push_back("e" + std::to_string(i));
      all.push_back(large(ids.back(), bytes));
    }
    return all;
  }
  queue::DeadLetter letter() {
    queue::Connection database(settings.directory / "queue.db",
                               queue::Connection::Access::read_only, std::chrono::seconds(5));
    queue::Statement found(database, "SELECT code, body, metadata, reason FROM dead_letters");
    queue::DeadLetter read;
    if (!found.step()) return read;
    read.code = found.text(0);
    read.body = found.text(1);
    read.metadata = found.text(2);
    read.reason = found.text(3);
    return read;
  }
};

TEST_F(Oversize, ABatchLargerThanTheQueueIsStoredInSharesWithItsCheckpointInTheLast) {
  start();
  Ids ids;
  Answer answer;
  ASSERT_TRUE(input.inlet()->put(many(60, 5'000, ids), {{{"offset", "60"}}}, answer.settled()));
  const auto receipt = answer.get();
  ASSERT_TRUE(receipt.has_value()) << receipt.error().message;
  EXPECT_EQ(receipt->accepted.size(), 60U);
  EXPECT_EQ(receipt->accepted.back().index, 59U);
  EXPECT_EQ(**input.inlet()->checkpoint("offset"), "60");
  EXPECT_TRUE(stop().complete);
  EXPECT_EQ(peer.stored(), ids);
  EXPECT_EQ(other.stored(), ids);
}

TEST_F(Oversize, AWebhookIsToldWhenItsBatchCanNeverFitAndNothingOfItIsKept) {
  start();
  Ids ids;
  Answer answer;
  ASSERT_EQ(input.inlet()->offer(many(60, 5'000, ids), answer.settled()), Offered::taken);
  const auto receipt = answer.get();
  ASSERT_FALSE(receipt.has_value());
  EXPECT_EQ(receipt.error().fault, Fault::reject);
  EXPECT_EQ(receipt.error().code, "batch_too_large");
  EXPECT_TRUE(stop().complete);
  EXPECT_EQ(peer.stored(), Ids{});
}

TEST_F(Oversize, WhoeverCannotWaitHasItStoredAsideAndASecondOneFindsTheQueueFull) {
  start();
  peer.hangs();
  Ids ids;
  Answer first, second, small;
  ASSERT_EQ(input.inlet()->offer_in_shares(many(60, 5'000, ids), first.settled()), Offered::taken);
  Ids ignored;
  EXPECT_EQ(input.inlet()->offer_in_shares(many(60, 5'000, ignored), second.settled()),
            Offered::full);
  EXPECT_FALSE(first.there());
  peer.hangs_no_more();
  const auto receipt = first.get();
  ASSERT_TRUE(receipt.has_value()) << receipt.error().message;
  EXPECT_EQ(receipt->accepted.size(), 60U);
  EXPECT_EQ(second.calls(), 0);
  ASSERT_TRUE(eventually([&] {
    return input.inlet()->offer_in_shares(messages({"small"}), small.settled()) == Offered::taken;
  }));
  ids.emplace_back("small");
  EXPECT_TRUE(stop().complete);
  EXPECT_EQ(peer.stored(), ids);
}

TEST_F(Oversize, AStopWhileABatchIsStoredAsideAnswersItAndEnds) {
  start();
  peer.hangs(true);
  Ids ids;
  Answer answer;
  ASSERT_EQ(input.inlet()->offer_in_shares(many(60, 5'000, ids), answer.settled()), Offered::taken);
  ASSERT_TRUE(eventually([&] { return queue->status().events > 0; }));
  peer.hangs_no_more();
  EXPECT_TRUE(stop().complete);
  EXPECT_EQ(answer.calls(), 1);
}

TEST_F(Oversize, AnEventThatNeverFitsIsADeadLetterWithItsBytesAndTheOthersGoOn) {
  start();
  std::vector<Message> batch;
  batch.push_back(message("a"));
  batch.push_back(large("giant", kQueue));
  batch.push_back(message("b"));
  const std::string bytes = batch[1].body;
  const auto receipt = put(std::move(batch));
  ASSERT_TRUE(receipt.has_value()) << receipt.error().message;
  EXPECT_EQ(receipt->accepted.size(), 2U);
  ASSERT_EQ(receipt->refused.size(), 1U);
  EXPECT_EQ(receipt->refused[0].index, 1U);
  EXPECT_EQ(receipt->refused[0].id, "giant");
  EXPECT_EQ(receipt->refused[0].problems[0].rule, "too_large");
  EXPECT_EQ(letter().code, "too_large");
  EXPECT_EQ(letter().body, bytes);
  EXPECT_TRUE(stop().complete);
  EXPECT_EQ(peer.stored(), (Ids{"a", "b"}));
}

TEST_F(Oversize, OneThatDoesNotFitIntoTheDeadLettersEitherIsKeptByReference) {
  start();
  std::vector<Message> batch;
  batch.push_back(large("giant", kLetters));
  batch[0].metadata = R"({"kafka_offset":7})";
  const auto size = std::to_string(batch[0].body.size());
  const auto receipt = put(std::move(batch));
  ASSERT_TRUE(receipt.has_value()) << receipt.error().message;
  EXPECT_EQ(receipt->refused.size(), 1U);
  EXPECT_EQ(letter().body, "");
  EXPECT_TRUE(letter().metadata.starts_with(R"({"kafka_offset":7,"original":{"bytes":)" + size +
                                            R"(,"sha256":")"))
      << letter().metadata;
  EXPECT_NE(letter().reason.find("[queue] max_bytes"), std::string::npos);
  EXPECT_TRUE(stop().complete);
}

TEST_F(Oversize, RefusedEventsThatFillTheDeadLettersMoreThanOnceWaitForRoomAndDoNotFail) {
  start();
  std::vector<Message> batch;
  for (int i = 0; i < 6; ++i) batch.push_back({.body = std::string(40'000, 'j')});
  Answer answer;
  ASSERT_EQ(input.inlet()->offer_in_shares(std::move(batch), answer.settled()), Offered::taken);
  ASSERT_TRUE(eventually([&] { return queue->status().dead_letters == 4; }));
  EXPECT_FALSE(answer.there());
  {
    queue::Connection database(settings.directory / "queue.db",
                               queue::Connection::Access::read_write, std::chrono::seconds(5));
    database.run("DELETE FROM dead_letters");
  }
  const auto receipt = answer.get();
  ASSERT_TRUE(receipt.has_value()) << receipt.error().message;
  EXPECT_EQ(receipt->refused.size(), 6U);
  EXPECT_TRUE(stop().complete);
}

}  // namespace
}  // namespace cdviz::pipeline::testing
