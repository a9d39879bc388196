#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sinks/kafka/record.h"

namespace cdviz::sinks::kafka {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

using ::testing::HasSubstr;

EventData event() {
  return {.source = "/jobs/1",
          .id = "e-1",
          .type = "dev.cdevents.service.deployed.0.2.0",
          .timestamp = "2024-05-06T07:08:09Z",
          .subject_id = "pkg:oci/shop@sha256%3A0b",
          .json = R"({"context":{"id":"e-1"}})",
          .headers = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                      {"X-Team", "blue"},
                      {"ce-partitionkey", "p"},
                      {"content-type", "application/json"}}};
}

RecordFormat format(const char* topic = "cdevents.{subject}", bool structured = true) {
  return {*EventTemplate::parse(topic), *EventTemplate::parse("{subject_id}"), structured};
}

std::optional<std::string> header(const Record& record, std::string_view name) {
  const auto value = record.headers.find(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

TEST(KafkaRecord, TheKeyIsTheSubjectSoThatItsEventsStayInOrder) {
  const auto record = record_of(event(), format(), kNow);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->topic, "cdevents.service");
  EXPECT_EQ(record->key, "pkg:oci/shop@sha256%3A0b");
}

TEST(KafkaRecord, StructuredIsOneDocumentWithTheEventAsItCame) {
  const auto record = record_of(event(), format(), kNow);
  ASSERT_TRUE(record);
  EXPECT_THAT(*header(*record, "content-type"), HasSubstr("application/cloudevents+json"));
  EXPECT_THAT(record->value, HasSubstr(R"("data":{"context":{"id":"e-1"}}})"));
  EXPECT_THAT(record->value, HasSubstr(R"("partitionkey":"p")"));
  EXPECT_FALSE(header(*record, "ce_id"));
}

TEST(KafkaRecord, BinaryHasTheAttributesAsPlainHeadersAndTheEventAsValue) {
  const auto record = record_of(event(), format("t", false), kNow);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->value, event().json);
  EXPECT_EQ(header(*record, "ce_id"), "e-1");
  EXPECT_EQ(header(*record, "ce_specversion"), "1.0");
  EXPECT_EQ(header(*record, "ce_subject"), "pkg:oci/shop@sha256%3A0b") << "not encoded again";
  EXPECT_EQ(header(*record, "ce_partitionkey"), "p");
  EXPECT_EQ(header(*record, "content-type"), "application/json");
}

TEST(KafkaRecord, TheTraceAndWhatTheSourceKeptGoAlong) {
  for (const bool structured : {true, false}) {
    const auto record = record_of(event(), format("t", structured), kNow);
    ASSERT_TRUE(record);
    EXPECT_EQ(header(*record, "traceparent"),
              "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    EXPECT_EQ(header(*record, "X-Team"), "blue");
    EXPECT_FALSE(header(*record, "ce-partitionkey")) << "that is not how Kafka's binding names it";
  }
}

TEST(KafkaRecord, ConfiguredHeadersAndSignaturesGoAlongAndReplaceWhatTheSourceKept) {
  auto with = format("t", false);
  ASSERT_TRUE(with.headers.add("X-Team", "red"));
  ASSERT_TRUE(with.headers.add("Authorization", "Bearer t0ken", true));
  const net::SignatureRule rule{.keys = {"key"},
                                .prefix = "sha256=",
                                .signed_headers = {"ce_id", "x-signed-at"},
                                .separator = ".",
                                .timestamp_header = "x-signed-at"};
  ASSERT_TRUE(with.headers.add("X-Signature", rule));
  const auto record = record_of(event(), with, kNow);
  ASSERT_TRUE(record);
  EXPECT_EQ(header(*record, "X-Team"), "red");
  EXPECT_EQ(header(*record, "Authorization"), "Bearer t0ken");
  EXPECT_EQ(header(*record, "x-signed-at"), "1700000000");
  EXPECT_TRUE(net::Signature::make(rule)->verifies(*header(*record, "X-Signature"), record->headers,
                                                   record->value));
  with.structured = true;  // then there is no ce_id to be signed
  const auto none = record_of(event(), with, kNow);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, Fault::stop);
}

TEST(KafkaRecord, WhatATopicMayNotHoldIsReplacedWhereTheEventFillsIt) {
  const auto record = record_of(event(), format("events.{source}"), kNow);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->topic, "events._jobs_1");
}

TEST(KafkaRecord, ATopicThatIsTooLongIsTheEventsFault) {
  EventData long_one = event();
  long_one.source = std::string(300, 'x');
  const auto record = record_of(long_one, format("{source}"), kNow);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().fault, Fault::reject);
  EXPECT_EQ(record.error().code, "topic");
}

TEST(KafkaTopic, LegalNamesAreThoseOfKafka) {
  for (const auto* good : {"a", "cdevents.service", "A_b-9", "..."}) {
    EXPECT_EQ(fault_of_topic(good), "") << good;
  }
  EXPECT_EQ(fault_of_topic(std::string(249, 'a')), "");
  for (const auto* bad : {"", ".", "..", "a/b", "a b", "ä", "a:b"}) {
    EXPECT_NE(fault_of_topic(bad), "") << bad;
  }
  EXPECT_NE(fault_of_topic(std::string(250, 'a')), "");
}

}  // namespace
}  // namespace cdviz::sinks::kafka
