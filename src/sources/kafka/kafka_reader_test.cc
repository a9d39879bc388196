#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/kafka/record_reader.h"

namespace cdviz::sources::kafka {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

RecordView record(std::optional<std::string_view> value, Headers headers = {}) {
  return {.topic = "cd events\"",
          .partition = 3,
          .offset = 42,
          .timestamp = 1'700'000'000'123,
          .headers = std::move(headers),
          .value = value};
}

std::vector<Message> read(const RecordView& view, ReaderSettings settings = {}) {
  return RecordReader(std::move(settings)).read(view, kNow);
}

TEST(KafkaReader, ARecordIsOneMessageByteForByte) {
  const auto messages = read(record(" {\"context\" : {}} "));
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].body, " {\"context\" : {}} ");
  EXPECT_THAT(messages[0].problems, IsEmpty());
  EXPECT_EQ(messages[0].metadata,
            R"({"kafka_topic":"cd events\"","kafka_partition":3,"kafka_offset":42,)"
            R"("kafka_timestamp":1700000000123})");
}

TEST(KafkaReader, TheMetadataOfTheConfigurationComesFirst) {
  const auto messages = read(record("{}"), {.metadata = R"({"team":"a","kafka_offset":"mine"})"});
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_THAT(messages[0].metadata, ::testing::StartsWith(R"({"team":"a","kafka_topic":)"));
  EXPECT_THAT(messages[0].metadata, HasSubstr(R"("kafka_offset":42)"));
}

TEST(KafkaReader, ATombstoneIsNoMessage) { EXPECT_THAT(read(record(std::nullopt)), IsEmpty()); }

TEST(KafkaReader, AnEmptyValueIsAMessageThatNobodyCanUse) {
  EXPECT_THAT(read(record("")), SizeIs(1));
}

TEST(KafkaReader, EachElementOfAnArrayIsAMessage) {
  const auto messages = read(record(" [ {\"a\":[1,2]} , {\"b\":\"]\"} ]\n"));
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[0].body, "{\"a\":[1,2]}");
  EXPECT_EQ(messages[1].body, "{\"b\":\"]\"}");
  EXPECT_THAT(messages[1].metadata, HasSubstr("\"kafka_offset\":42"));
  EXPECT_THAT(read(record("[]")), IsEmpty());
}

TEST(KafkaReader, AnArrayThatIsCutShortIsOneMessage) {
  const auto messages = read(record("[{\"a\":1},{\"b\":"));
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].body, "[{\"a\":1},{\"b\":");
}

TEST(KafkaReader, TooManyEventsInOneRecordAreRefusedTogether) {
  std::string body = "[0";
  for (int i = 0; i < 10'000; ++i) body += ",0";
  const auto messages = read(record(body + "]"));
  ASSERT_THAT(messages, SizeIs(1));
  ASSERT_THAT(messages[0].problems, SizeIs(1));
  EXPECT_EQ(messages[0].problems[0].rule, "too_many");
}

TEST(KafkaReader, BinaryCloudEventsHavePlainHeaders) {
  const auto messages = read(record("{\"a\":1}", {{"ce_specversion", "1.0"},
                                                  {"CE_ID", "i%2F1"},
                                                  {"ce_source", "/s"},
                                                  {"ce_type", "t"},
                                                  {"content-type", "application/json"}}));
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].headers.find("ce-id"), "i%2F1") << "nothing is percent-encoded in Kafka";
  EXPECT_EQ(messages[0].headers.find("content-type"), "application/json");
}

TEST(KafkaReader, AStructuredCloudEventKeepsItsContentType) {
  const auto messages =
      read(record("{\"specversion\":\"1.0\"}",
                  {{"content-type", "Application/CloudEvents+json; charset=utf-8"}}));
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_TRUE(messages[0].headers.find("content-type").has_value());
}

TEST(KafkaReader, ABatchOfCloudEventsIsTakenApart) {
  const auto messages = read(record("[{\"specversion\":\"1.0\"},{}]",
                                    {{"content-type", "application/cloudevents-batch+json"}}));
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[1].headers.find("content-type"), "application/cloudevents+json");
}

TEST(KafkaReader, TheTraceAndTheHeadersThatAreNamedAreKept) {
  const auto messages =
      read(record("{}", {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                         {"X-Team", "old"},
                         {"x-team", "blue"},
                         {"x-other", "no"}}),
           {.headers_to_keep = {"x-team"}});
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].headers.size(), 2U);
  EXPECT_EQ(messages[0].headers.find("x-team"), "blue") << "the last of several counts";
}

TEST(KafkaReader, ARecordThatARuleKeepsOutGoesToTheDeadLettersWhole) {
  net::HeaderRules rules;
  ASSERT_TRUE(rules.add({"x-token", net::EqualsRule{.value = "secret"}}));
  const RecordReader reader({.rules = std::move(rules)});
  const auto denied = reader.read(record("[{},{}]", {{"x-token", "wrong"}}), kNow);
  ASSERT_THAT(denied, SizeIs(1));
  ASSERT_THAT(denied[0].problems, SizeIs(1));
  EXPECT_EQ(denied[0].problems[0].rule, "denied");
  EXPECT_THAT(denied[0].problems[0].message, ::testing::Not(HasSubstr("secret")));
  EXPECT_EQ(denied[0].body, "[{},{}]");
  EXPECT_THAT(reader.read(record("[{},{}]", {{"x-token", "secret"}}), kNow), SizeIs(2));
}

}  // namespace
}  // namespace cdviz::sources::kafka
