#include "cloudevents/encode.h"

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "cloudevents/attributes.h"
#include "cloudevents/unwrap.h"
#include "core/json_spans.h"

namespace cdviz::cloudevents {
namespace {

EventData event() {
  return {.source = "/ci",
          .id = "1",
          .type = "dev.cdevents.service.deployed.0.2.0",
          .timestamp = "2026-01-01T00:00:00+01:00",
          .subject_id = "pkg:oci/app@sha256%3A0b",
          .json = R"({"context":{}, "n":1.10})",
          .headers = {{"ce-team", "a b"}, {"traceparent", "x"}, {"ce-id", "not an extension"}}};
}

TEST(Encode, HttpBinaryHasAllSixAttributesAndTheContentType) {
  const auto encoded = encode(event(), {});
  EXPECT_EQ(encoded.headers, (Headers{{"ce-specversion", "1.0"},
                                      {"ce-id", "1"},
                                      {"ce-source", "/ci"},
                                      {"ce-type", "dev.cdevents.service.deployed.0.2.0"},
                                      {"ce-subject", "pkg:oci/app@sha256%253A0b"},
                                      {"ce-time", "2026-01-01T00:00:00+01:00"},
                                      {"ce-team", "a%20b"},
                                      {"content-type", "application/json"}}));
  EXPECT_EQ(encoded.body, event().json);
}

TEST(Encode, KafkaBinaryHasUnderscoresAndPlainValues) {
  const auto encoded = encode(event(), {.transport = Transport::kafka});
  EXPECT_EQ(encoded.headers.find("ce_subject"), "pkg:oci/app@sha256%3A0b");
  EXPECT_EQ(encoded.headers.find("ce_team"), "a b");
  EXPECT_EQ(encoded.headers.find("content-type"), "application/json");
  EXPECT_EQ(encoded.headers.find("ce_datacontenttype"), std::nullopt);
}

TEST(Encode, NatsBinaryHasTheContentTypeAsAnAttribute) {
  const auto encoded = encode(event(), {.transport = Transport::nats});
  EXPECT_EQ(encoded.headers.find("ce-subject"), "pkg:oci/app@sha256%253A0b");
  EXPECT_EQ(encoded.headers.find("ce-datacontenttype"), "application/json");
  EXPECT_EQ(encoded.headers.find("content-type"), std::nullopt);
}

TEST(Encode, StructuredIsOneDocumentWithTheEventAsItIs) {
  const auto encoded = encode(event(), {.structured = true});
  EXPECT_EQ(encoded.headers,
            (Headers{{"content-type", "application/cloudevents+json; charset=UTF-8"}}));
  EXPECT_EQ(
      encoded.body,
      R"({"specversion":"1.0","id":"1","source":"/ci",)"
      R"("type":"dev.cdevents.service.deployed.0.2.0","subject":"pkg:oci/app@sha256%3A0b",)"
      R"("time":"2026-01-01T00:00:00+01:00","team":"a b","datacontenttype":"application/json",)"
      R"("data":{"context":{}, "n":1.10}})");
}

TEST(Encode, ABatchIsAnArrayPerhapsEmpty) {
  EXPECT_EQ(encode_batch({}, {}).body, "[]");
  EXPECT_EQ(encode_batch({}, {}).headers,
            (Headers{{"content-type", "application/cloudevents-batch+json; charset=UTF-8"}}));
  const std::vector<Event> events = {Event(event()), Event(event())};
  const std::string one = encode(event(), {.structured = true}).body;
  EXPECT_EQ(encode_batch(events, {}).body, "[" + one + "," + one + "]");
}

TEST(Encode, ASinkMaySayAttributesOfItsOwn) {
  const Encoding encoding{.extensions = false,
                          .attributes = {{"partitionkey", "k"},
                                         {"source", "https://example.org/ci"},
                                         {"time", ""},
                                         {"id", ""},
                                         {"specversion", "2.0"},
                                         {"no-name", "x"}}};
  const auto headers = encode(event(), encoding).headers;
  EXPECT_EQ(headers.find("ce-partitionkey"), "k");
  EXPECT_EQ(headers.find("ce-source"), "https://example.org/ci");
  EXPECT_EQ(headers.find("ce-time"), std::nullopt);
  EXPECT_EQ(headers.find("ce-id"), "1");
  EXPECT_EQ(headers.find("ce-specversion"), "1.0");
  EXPECT_EQ(headers.find("ce-team"), std::nullopt);
  EXPECT_EQ(headers.find("ce-no-name"), std::nullopt);
}

/// Characters that an attribute may have, the troublesome ones often.
std::string random_text(std::mt19937& random) {
  constexpr std::array<std::string_view, 14> kPieces = {
      "a", "7", "%", "%41", "\"", "\\", " ", "/", ":", "é", "€", "😀", "sha256%3A0b", "\u00A0"};
  std::string text = "x";  // never empty
  for (auto length = random() % 12; length > 0; --length)
    text += kPieces[random() % kPieces.size()];
  return text;
}

EventData random_event(std::mt19937& random) {
  EventData data{.source = random_text(random),
                 .id = random_text(random),
                 .type = "dev.cdevents.build.started.0.1.0",
                 .timestamp = "2026-01-01T00:00:00.123456789Z",
                 .subject_id = random_text(random),
                 .json = R"({ "context":{"id":"\u00e9"},"n": 12345678901234567890 , "e":1e400})"};
  for (auto extensions = random() % 3; extensions > 0; --extensions) {
    data.headers.set("ce-ext" + std::to_string(random() % 10), random_text(random));
  }
  return data;
}

void expect_same(const EventData& sent, const Message& received) {
  const auto has = [&](std::string_view name, std::string_view value) {
    EXPECT_EQ(attribute(received.headers, name), value) << name;
  };
  has("specversion", "1.0");
  has("id", sent.id);
  has("source", sent.source);
  has("type", sent.type);
  has("subject", sent.subject_id);
  has("time", sent.timestamp);
  for (const auto& [name, value] : sent.headers) {
    EXPECT_EQ(received.headers.find(name), value) << name;
  }
  EXPECT_EQ(received.headers.size(), 7 + sent.headers.size())
      << "these, the content type, no other";
  EXPECT_EQ(received.headers.find("content-type"), "application/json");
  EXPECT_EQ(received.body, sent.json);
}

/// What the transport carries, as the receiving end takes it.
Unwrapped received(Transport transport, Encoded encoded, Message& message) {
  auto [headers, problems] = attribute_headers(transport, encoded.headers);
  message = {.body = std::move(encoded.body),
             .headers = std::move(headers),
             .problems = std::move(problems)};
  EXPECT_TRUE(message.problems.empty());
  return unwrap(message);
}

class RoundTrip : public ::testing::TestWithParam<std::tuple<Transport, bool>> {};

TEST_P(RoundTrip, WhatIsSentArrives) {
  const auto [transport, is_structured] = GetParam();
  std::mt19937 random(11);  // NOLINT(cert-msc51-cpp): the same every time
  for (int i = 0; i < 2000; ++i) {
    const EventData sent = random_event(random);
    Message message;
    const auto unwrapped = received(
        transport, encode(sent, {.transport = transport, .structured = is_structured}), message);
    ASSERT_TRUE(unwrapped.is_cloudevent);
    ASSERT_TRUE(unwrapped.problems.empty()) << unwrapped.problems[0].message;
    EXPECT_EQ(unwrapped.data.has_value(), is_structured);
    expect_same(sent, unwrapped.data ? *unwrapped.data : message);
    if (HasFailure()) break;
  }
}

TEST_P(RoundTrip, AStructuredEventIsKnownWithoutItsHeader) {
  const auto [transport, is_structured] = GetParam();
  if (!is_structured) return;
  std::mt19937 random(13);  // NOLINT(cert-msc51-cpp): the same every time
  const EventData sent = random_event(random);
  const auto unwrapped =
      unwrap_unmarked({.body = encode(sent, {.transport = transport, .structured = true}).body});
  ASSERT_TRUE(unwrapped.data);
  expect_same(sent, *unwrapped.data);
}

INSTANTIATE_TEST_SUITE_P(EachTransportAndMode, RoundTrip,
                         ::testing::Combine(::testing::Values(Transport::http, Transport::kafka,
                                                              Transport::nats),
                                            ::testing::Bool()));

TEST(RoundTripOfABatch, WhatIsSentArrives) {
  std::mt19937 random(17);  // NOLINT(cert-msc51-cpp): the same every time
  std::vector<Event> events;
  for (int i = 0; i < 100; ++i) events.emplace_back(random_event(random));
  const auto encoded = encode_batch(events, {});
  const auto tree = json::Tree::read(encoded.body);
  ASSERT_TRUE(tree);
  std::size_t index = 0;
  for (const auto element : tree->root().children()) {
    Message message{.body = std::string(element.text()),
                    .headers = {{"content-type", "application/cloudevents+json"}}};
    const auto unwrapped = unwrap(message);
    ASSERT_TRUE(unwrapped.data);
    expect_same(*events[index++], *unwrapped.data);
  }
  EXPECT_EQ(index, events.size());
}

}  // namespace
}  // namespace cdviz::cloudevents
