#include "cloudevents/transport.h"

#include <string>

#include <gtest/gtest.h>

#include "cloudevents/attributes.h"

namespace cdviz::cloudevents {
namespace {

Headers http(const Headers& more = {}) {
  Headers headers = {
      {"Ce-Specversion", "1.0"}, {"CE-ID", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}};
  for (const auto& [name, value] : more) headers.add(name, value);
  return headers;
}

Headers canonical(const Headers& more) {
  Headers headers = {
      {"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}};
  for (const auto& [name, value] : more) headers.add(name, value);
  return headers;
}

TEST(HttpHeaders, NamesAreLowerCaseAndValuesDecoded) {
  const auto result = attribute_headers(
      Transport::http, http({{"Host", "x"},
                             {"CE-Subject", "pkg:oci/app@sha256%253A0b31"},
                             {"ce-MyExt", "\"a b\""},
                             {"Content-Type", "application/json; charset=utf-8"}}));
  EXPECT_EQ(result.headers, canonical({{"ce-subject", "pkg:oci/app@sha256%3A0b31"},
                                       {"ce-myext", "a b"},
                                       {"content-type", "application/json; charset=utf-8"}}));
  EXPECT_TRUE(result.problems.empty());
}

TEST(HttpHeaders, DatacontenttypeHasNoHeaderOfItsOwn) {
  const auto result =
      attribute_headers(Transport::http, http({{"ce-datacontenttype", "text/xml"}}));
  EXPECT_EQ(result.headers, canonical({}));
}

TEST(HttpHeaders, WithoutTheRequiredOnesItIsNoCloudEvent) {
  EXPECT_EQ(
      attribute_headers(Transport::http, {{"ce-id", "1"}, {"content-type", "application/json"}})
          .headers,
      Headers{});
  EXPECT_TRUE(attribute_headers(Transport::http, {{"ce-id", "%FF"}}).problems.empty())
      << "somebody else's header is not judged";
}

TEST(HttpHeaders, InStructuredModeTheDocumentSaysItAll) {
  const auto result = attribute_headers(
      Transport::http, http({{"CONTENT-TYPE", "application/cloudevents+json"}, {"ce-ext", "%FF"}}));
  EXPECT_EQ(result.headers, (Headers{{"content-type", "application/cloudevents+json"}}));
  EXPECT_TRUE(result.problems.empty());
}

TEST(HttpHeaders, OfSeveralTheLastCounts) {
  const auto result = attribute_headers(Transport::http, http({{"ce-id", "%FF"}, {"ce-id", "2"}}));
  EXPECT_EQ(attribute(result.headers, "id"), "2");
  EXPECT_TRUE(result.problems.empty());
}

TEST(HttpHeaders, AValueThatCannotBeDecodedIsAProblemAndStaysAsItCame) {
  const auto result =
      attribute_headers(Transport::http, http({{"ce-subject", "%C0%A0"}, {"ce-ext", "a%0D%0Ab"}}));
  EXPECT_EQ(result.problems,
            (std::vector<Problem>{
                {"", "cloudevents",
                 "the header ce-subject is not UTF-8 once its percent-encoding is undone"},
                {"", "cloudevents", "the header ce-ext holds a control character"}}));
  EXPECT_EQ(attribute(result.headers, "subject"), "%C0%A0");
  EXPECT_EQ(attribute(result.headers, "ext"), "a%0D%0Ab");
}

TEST(HttpHeaders, NamesThatAreNoAttributesArePassedOver) {
  const auto result = attribute_headers(
      Transport::http, http({{"ce-", "x"}, {"ce-a-b", "x"}, {"ce-a_b", "x"}, {"ce_id", "x"}}));
  EXPECT_EQ(result.headers, canonical({}));
}

TEST(HttpHeaders, MoreThanAnybodyNeedsAreRefused) {
  Headers headers = http();
  for (std::size_t i = 0; i < 10'000; ++i) headers.add("ce-e" + std::to_string(i), "%FF");
  const auto result = attribute_headers(Transport::http, headers);
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].message, "has more than 256 attributes");
  EXPECT_LE(result.headers.size(), kMembers);
}

Headers kafka(const Headers& more = {}) {
  Headers headers = {
      {"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_source", "/s"}, {"ce_type", "t"}};
  for (const auto& [name, value] : more) headers.add(name, value);
  return headers;
}

TEST(KafkaHeaders, ValuesAreNotPercentEncoded) {
  const auto result =
      attribute_headers(Transport::kafka, kafka({{"ce_subject", "pkg:oci/app@sha256%3A0b31"},
                                                 {"ce_ext", "\"é\""},
                                                 {"content-type", "application/json"}}));
  EXPECT_EQ(result.headers, canonical({{"ce-subject", "pkg:oci/app@sha256%3A0b31"},
                                       {"ce-ext", "\"é\""},
                                       {"content-type", "application/json"}}));
}

TEST(KafkaHeaders, HyphensAreNotTheBindingOfKafka) {
  EXPECT_EQ(attribute_headers(Transport::kafka, http()).headers, Headers{});
  EXPECT_EQ(attribute_headers(Transport::http, kafka()).headers, Headers{});
}

TEST(KafkaHeaders, WhatIsNotUtf8IsAProblem) {
  EXPECT_EQ(attribute_headers(Transport::kafka, kafka({{"ce_ext", "\xFF"}})).problems.size(), 1U);
}

TEST(KafkaHeaders, StructuredGoesByTheValueWithoutCase) {
  EXPECT_EQ(attribute_headers(Transport::kafka, {{"content-type", "Application/CloudEvents+JSON"}})
                .headers.find("content-type"),
            "Application/CloudEvents+JSON");
}

TEST(KafkaHeaders, ARecordWithoutHeadersSaysNothing) {
  EXPECT_EQ(attribute_headers(Transport::kafka, {}).headers, Headers{});
}

TEST(NatsHeaders, DatacontenttypeIsAnAttributeLikeTheOthers) {
  const auto result = attribute_headers(
      Transport::nats, http({{"Ce-Datacontenttype", "application/json%3B%20charset=utf-8"},
                             {"ce-subject", "a%20b"}}));
  EXPECT_EQ(result.headers, canonical({{"content-type", "application/json; charset=utf-8"},
                                       {"ce-subject", "a b"}}));
}

TEST(NatsHeaders, StructuredHasAContentType) {
  EXPECT_EQ(attribute_headers(Transport::nats, {{"Content-Type", "application/cloudevents+json"}})
                .headers,
            (Headers{{"content-type", "application/cloudevents+json"}}));
}

}  // namespace
}  // namespace cdviz::cloudevents
