// What cannot fit into the queue is known before, and is kept by reference.
#include "queue/too_large.h"

#include <future>

#include <gtest/gtest.h>

#include "queue/queue_fixture.h"

namespace cdviz::queue {
namespace {

constexpr std::uint64_t kMax = 1 << 20;

DeadLetter letter_of(std::size_t bytes) {
  return {.component_id = "in",
          .code = "too_large",
          .reason = "is too large",
          .body = std::string(bytes, 'x'),
          .headers = {{"x-a", "1"}},
          .metadata = R"({"kafka_offset":7})",
          .event_source = "/ci",
          .event_id = "one"};
}

TEST(KeepByReference, LeavesALetterThatFitsAsItIs) {
  auto letter = letter_of(1000);
  keep_by_reference(letter, kMax);
  EXPECT_EQ(letter.body.size(), 1000U);
  EXPECT_EQ(letter.metadata, R"({"kafka_offset":7})");
}

TEST(KeepByReference, SaysWhatWasThereAndWhereItCameFrom) {
  auto letter = letter_of(2 * kMax);
  keep_by_reference(letter, kMax);
  EXPECT_EQ(letter.body, "");
  EXPECT_EQ(letter.headers.size(), 0U);
  // python3 -c 'import hashlib; print(hashlib.sha256(b"x" * (2 << 20)).hexdigest())'
  const std::string digest = "6932fd31e5daf4739b9fa78ff777b2831b0995cc1d0b0093cac80601902013bc";
  EXPECT_EQ(letter.metadata,
            R"({"kafka_offset":7,"original":{"bytes":2097152,"sha256":")" + digest + "\"}}");
  EXPECT_NE(letter.reason.find("is too large; its 2097152 bytes (SHA-256 " + digest),
            letter.reason.npos);
  EXPECT_EQ(letter.event_id, "one");
  EXPECT_LT(size_of(letter), 1000);
}

TEST(KeepByReference, MakesAnObjectWhereThereIsNone) {
  for (const auto* metadata : {"", "{}", "{ }"}) {
    auto letter = letter_of(2 * kMax);
    letter.metadata = metadata;
    keep_by_reference(letter, kMax);
    EXPECT_EQ(letter.metadata.find(",\"original\""), letter.metadata.npos) << letter.metadata;
    EXPECT_TRUE(letter.metadata.starts_with("{")) << letter.metadata;
  }
}

TEST(KeepByReference, FitsAlsoWhenEverythingElseIsLargeToo) {
  auto letter = letter_of(2 * kMax);
  letter.metadata = "{\"a\":\"" + std::string(2 * kMax, 'y') + "\"}";
  letter.reason = std::string(2 * kMax, 'z');
  letter.event_id = std::string(2 * kMax, 'i');
  keep_by_reference(letter, kMax);
  EXPECT_LT(size_of(letter), 10'000);
}

class TooLarge : public QueueFixture {
 protected:
  TooLarge() { settings_.max_bytes = settings_.dead_letters_max_bytes = kMax; }
};

TEST_F(TooLarge, WhatIsAtMostCapacityFits) {
  open();
  EXPECT_EQ(queue_->capacity().event_bytes, kMax);
  EventData data = *event("a");
  data.json = std::string(kMax, 'j');
  data.json.resize(data.json.size() - (bytes_at_most(data) - kMax));
  ASSERT_EQ(bytes_at_most(data), kMax);
  Batch fits;
  fits.events.emplace_back(data);
  EXPECT_TRUE(put_batch(std::move(fits)));
  data.json.resize(kMax + 1);
  Batch never;
  never.events.emplace_back(data);
  const auto refused = put_batch(std::move(never));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "batch_too_large");
}

TEST_F(TooLarge, WhatASinkRejectsIsKeptByReferenceAndTheCursorMovesOn) {
  open();
  ASSERT_TRUE(queue_->attach("db", From::oldest));
  ASSERT_TRUE(put({"a"}));
  auto letter = letter_of(2 * kMax);
  letter.from_sink = true;
  std::promise<Result<void>> settled;
  queue_->advance("db", Position{1}, {letter},
                  [&](const Result<void>& r) { settled.set_value(r); });
  const auto result = settled.get_future().get();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(queue_->status().dead_letters, 1U);
  EXPECT_LT(queue_->status().dead_letter_bytes, 1000U);
}

}  // namespace
}  // namespace cdviz::queue
