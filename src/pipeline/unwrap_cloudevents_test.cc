// CloudEvents on their way in: what of them becomes an event, what is kept of those that cannot.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/intake.h"

namespace cdviz::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const WallTime kNow{std::chrono::seconds(1'700'000'000)};

std::string cdevent(const std::string& id = "271069a8-fc18",
                    const std::string& timestamp = "2026-01-01T00:00:00Z") {
  return R"({"context": {"version":"0.4.1","id":")" + id +
         R"(","source":"/ci","type":"dev.cdevents.build.started.0.2.0","timestamp":")" + timestamp +
         R"("},"subject":{"id":"7","source":"/ci","type":"build","content":{}},)"
         R"("customData":{"n":1.10}})";
}

Headers binary(const Headers& more = {}) {
  Headers headers = {{"ce-specversion", "1.0"},
                     {"ce-id", "271069a8-fc18"},
                     {"ce-source", "/ci"},
                     {"ce-type", "dev.cdevents.build.started.0.2.0"},
                     {"content-type", "application/json"}};
  for (const auto& [name, value] : more) headers.add(name, value);
  return headers;
}

std::string envelope(const std::string& members) {
  return R"({"specversion":"1.0","id":"271069a8-fc18","source":"/ci",)"
         R"("type":"dev.cdevents.build.started.0.2.0",)" +
         members + "}";
}

Message structured(const std::string& members) {
  return {.body = envelope(members), .headers = {{"content-type", "application/cloudevents+json"}}};
}

/// Changes each message by a function.
class Change final : public Transform {
 public:
  explicit Change(std::function<void(Message&)> change) : change_(std::move(change)) {}
  Result<Transformed> apply(Message message) const override {
    change_(message);
    Transformed changed;
    changed.messages.push_back(std::move(message));
    return changed;
  }

 private:
  std::function<void(Message&)> change_;
};

Taken take(Message message, cdevents::Rules rules = {},
           std::function<void(Message&)> change = nullptr) {
  Transforms transforms;
  if (change) transforms.push_back(std::make_unique<Change>(std::move(change)));
  const Intake intake("in", std::move(rules), std::move(transforms));
  std::vector<Message> messages;
  messages.push_back(std::move(message));
  return intake.take(std::move(messages), kNow);
}

/// The event; an empty one, and a failure, if it was not accepted.
EventData accepted(const Taken& taken) {
  if (taken.events.size() != 1) {
    ADD_FAILURE() << (taken.dead_letters.empty() ? "nothing" : taken.dead_letters[0].reason);
    return {};
  }
  return *taken.events[0];
}

TEST(CloudEvents, BinaryIsTheBodyWithoutTheAttributesThatItSaysItself) {
  const auto event = accepted(take({.body = cdevent(),
                                    .headers = binary({{"ce-subject", "7"},
                                                       {"ce-time", "2026-01-01T00:00:00Z"},
                                                       {"ce-partitionkey", "k"},
                                                       {"x-kept", "1"}})}));
  EXPECT_EQ(event.json, cdevent());
  EXPECT_EQ(event.headers, (Headers{{"ce-partitionkey", "k"}, {"x-kept", "1"}}));
}

TEST(CloudEvents, StructuredIsTheDataByteForByte) {
  Message message = structured("\"team\":\"a\",\"data\": " + cdevent());
  message.headers.add("traceparent", "of the transport");
  message.metadata = R"({"http":{}})";
  const auto event = accepted(take(message));
  EXPECT_EQ(event.json, cdevent());
  EXPECT_EQ(event.headers, (Headers{{"traceparent", "of the transport"}, {"ce-team", "a"}}));
}

TEST(CloudEvents, Base64IsTheDataToo) {
  const auto taken = take(structured(R"("data_base64":"eyJjb250ZXh0Ijp7fX0=")"));  // {"context":{}}
  ASSERT_EQ(taken.dead_letters.size(), 1U);
  EXPECT_THAT(taken.dead_letters[0].reason, HasSubstr("/subject")) << "it was looked into";
}

// Trap 34: header-less records of Kafka and NATS.
TEST(CloudEvents, WithoutHeadersTheDocumentIsKnownByItsMembers) {
  const auto event = accepted(take({.body = envelope("\"ext\":5,\"data\":" + cdevent())}));
  EXPECT_EQ(event.json, cdevent());
  EXPECT_EQ(event.headers, (Headers{{"ce-ext", "5"}}));
}

TEST(CloudEvents, APlainCDEventIsNotTouched) {
  const Headers headers = {{"content-type", "application/json"}, {"ce-id", "alone"}};
  const auto event = accepted(take({.body = cdevent(), .headers = headers}));
  EXPECT_EQ(event.json, cdevent());
  EXPECT_EQ(event.headers, headers);
}

// Trap 34: a CloudEvent in a CloudEvent is not what the sender of the outer one means.
TEST(CloudEvents, OnlyOneIsUnwrapped) {
  for (const auto& message :
       {structured("\"data\":" + envelope("\"data\":" + cdevent())),
        Message{.body = envelope("\"data\":" + cdevent()), .headers = binary()}}) {
    const auto taken = take(message);
    ASSERT_EQ(taken.dead_letters.size(), 1U);
    EXPECT_EQ(taken.dead_letters[0].body, message.body);
    EXPECT_EQ(taken.dead_letters[0].headers, message.headers);
    EXPECT_EQ(taken.receipt.refused[0].problems[0].pointer, "/context");
  }
}

// Trap 34: data that is a JSON string stays a string.
TEST(CloudEvents, AStringThatHoldsJsonIsNoEvent) {
  const auto taken = take(structured(R"("data":"{\"context\":{}}")"));
  ASSERT_EQ(taken.receipt.refused.size(), 1U);
  EXPECT_THAT(taken.receipt.refused[0].problems[0].message, HasSubstr("a string"));
}

TEST(CloudEvents, AMalformedOneIsKeptAsItCameAndCanBeReplayed) {
  for (const auto& message : {structured(R"("data":{},"data_base64":"e30=")"),
                              structured(R"("time":5,"data":)" + cdevent()),
                              Message{.body = "x", .headers = structured("").headers}}) {
    const auto taken = take(message);
    ASSERT_EQ(taken.dead_letters.size(), 1U);
    const auto& letter = taken.dead_letters[0];
    EXPECT_EQ(letter.body, message.body);
    EXPECT_EQ(letter.headers, message.headers);
    EXPECT_EQ(letter.code, taken.receipt.refused[0].problems[0].rule);
    const auto again = take({.body = letter.body, .headers = letter.headers});
    EXPECT_EQ(again.receipt.refused[0].problems, taken.receipt.refused[0].problems);
  }
}

TEST(CloudEvents, AnEventThatIsRefusedIsKeptInItsEnvelope) {
  const Message message = structured(R"("data":{"context":{},"subject":{}})");
  const auto taken = take(message);
  ASSERT_EQ(taken.dead_letters.size(), 1U);
  EXPECT_EQ(taken.dead_letters[0].body, message.body);
  EXPECT_EQ(taken.dead_letters[0].headers, message.headers);
}

TEST(CloudEvents, AHeaderThatCannotBeDecodedRefusesTheMessage) {
  Message message{.body = cdevent(), .headers = binary({{"ce-subject", "%FF"}})};
  message.problems.push_back({"", "cloudevents", "the header ce-subject is not UTF-8"});
  const auto taken = take(message);
  ASSERT_EQ(taken.dead_letters.size(), 1U);
  EXPECT_EQ(taken.dead_letters[0].code, "cloudevents");
  EXPECT_EQ(taken.dead_letters[0].headers, message.headers);
}

TEST(CloudEvents, ABatchThatIsNotAnArrayIsRefused) {
  Message message = structured("\"data\":" + cdevent());
  message.headers.set("content-type", "application/cloudevents-batch+json");
  EXPECT_EQ(take(message).receipt.refused.at(0).problems.at(0).rule, "cloudevents");
}

// Trap 30: the Java text of an object, said to be JSON.
TEST(CloudEvents, WhatJenkinsPostsIsKeptAsItCame) {
  const std::string body =
      "CloudEvent{id='1', source=http://localhost:8080/, "
      "type='dev.cdevents.pipelinerun.started.0.1.0', datacontenttype='application/json', "
      "data=JsonCloudEventData{node={\"context\":{\"version\":\"0.1.2\"}}}, extensions={}}";
  const auto taken = take({.body = body, .headers = {{"content-type", "application/json"}}});
  ASSERT_EQ(taken.dead_letters.size(), 1U);
  EXPECT_EQ(taken.dead_letters[0].code, "json");
  EXPECT_EQ(taken.dead_letters[0].body, body);
}

std::vector<std::string> mismatches(const Taken& taken) {
  std::vector<std::string> names;
  for (const auto& [name, times] : taken.mismatches) names.emplace_back(name);
  return names;
}

// Traps 6 and 31: the Java SDK gives the CloudEvent an id and a time of its own.
TEST(CloudEvents, TheContextCountsAndWhatDiffersIsNoted) {
  const auto taken = take({.body = cdevent(),
                           .headers = {{"ce-specversion", "1.0"},
                                       {"ce-id", "0f8fad5b-d9cb-469f-a165-70867728950e"},
                                       {"ce-source", "/ci"},
                                       {"ce-type", "dev.cdevents.build.started.0.2.0"},
                                       {"ce-subject", "7"},
                                       {"ce-time", "2026-02-02T02:02:02Z"}}});
  const auto event = accepted(taken);
  EXPECT_EQ(event.id, "271069a8-fc18");
  EXPECT_EQ(event.timestamp, "2026-01-01T00:00:00Z");
  EXPECT_EQ(event.json, cdevent());
  EXPECT_THAT(mismatches(taken), ElementsAre("id", "time"));
}

TEST(CloudEvents, EvenWithAStrictPolicyAMismatchRefusesNothing) {
  Headers headers = binary();
  headers.set("ce-id", "another");
  const auto taken =
      take({.body = cdevent(), .headers = headers}, {.policy = cdevents::Policy::strict});
  EXPECT_EQ(accepted(taken).id, "271069a8-fc18");
  EXPECT_THAT(mismatches(taken), ElementsAre("id"));
}

// The Go SDK sends no time.
TEST(CloudEvents, AnAttributeThatIsNotThereDiffersFromNothing) {
  const auto taken = take(structured("\"subject\":\"7\",\"data\":" + cdevent()));
  accepted(taken);
  EXPECT_THAT(mismatches(taken), IsEmpty());
}

// Trap 37: a sender that does not encode the percent signs of a purl.
TEST(CloudEvents, ASubjectThatWasDecodedOnceTooOftenIsAMismatchNothingWorse) {
  std::string body = cdevent();
  body.replace(body.find(R"("id":"7")"), 8, R"("id":"pkg:oci/app@sha256%3A0b31")");
  const auto taken =
      take({.body = body, .headers = binary({{"ce-subject", "pkg:oci/app@sha256:0b31"}})});
  EXPECT_EQ(accepted(taken).subject_id, "pkg:oci/app@sha256%3A0b31");
  EXPECT_THAT(mismatches(taken), ElementsAre("subject"));
}

TEST(CloudEvents, AttributesFillWhatTheContextLacks) {
  const std::string body =
      R"({"context":{"version":"0.4.1","type":"dev.cdevents.build.started.0.2.0","source":""},)"
      R"("subject":{"id":"7","type":"build","content":{}}})";
  const auto taken = take({.body = body, .headers = binary({{"ce-time", "2026-01-01T00:00:00Z"}})});
  const auto event = accepted(taken);
  EXPECT_EQ(event.id, "271069a8-fc18");
  EXPECT_EQ(event.source, "/ci");
  EXPECT_EQ(event.timestamp, "2026-01-01T00:00:00Z");
  EXPECT_THAT(mismatches(taken), IsEmpty());
  EXPECT_THAT(event.notes, HasSubstr("original"));
}

// Trap 31: the Python SDK writes str(datetime): a space, and no offset.
TEST(CloudEvents, ATimeWithoutOffsetIsTakenForUtcAndNoted) {
  const auto taken =
      take({.body = cdevent("1", "2026-01-01 12:00:00.123456"), .headers = binary()});
  const auto event = accepted(taken);
  EXPECT_EQ(event.timestamp, "2026-01-01T12:00:00.123456Z");
  EXPECT_THAT(event.notes, HasSubstr("2026-01-01 12:00:00.123456"));
}

// Trap 32: the Go SDK sends null for a link without tags.
TEST(CloudEvents, NullTagsOfALinkAreLeftOut) {
  std::string body = cdevent();
  body.replace(body.find(R"("id":")"), 0,
               R"("links":[{"linkType":"END","from":{"contextId":"5"},"tags":null}],)");
  const auto taken = take(structured("\"data\":" + body));
  const auto event = accepted(taken);
  EXPECT_EQ(event.json.find("null"), std::string::npos);
  EXPECT_EQ(event.notes.find("violations"), std::string::npos) << event.notes;
}

TEST(CloudEvents, ATransformSeesTheEventAndTheAttributesAndTheLetterKeepsTheEnvelope) {
  Message seen;
  const Message message = structured("\"ext\":\"x\",\"data\":" + cdevent());
  const auto spoil = [&](Message& each) {
    seen = each;
    each.body = "{}";
  };
  const auto taken = take(message, {}, spoil);
  EXPECT_EQ(seen.body, cdevent());
  EXPECT_EQ(seen.headers.size(), binary().size() + 1);
  EXPECT_EQ(seen.headers.find("ce-ext"), "x");
  EXPECT_EQ(seen.headers.find("content-type"), "application/json");
  ASSERT_EQ(taken.dead_letters.size(), 1U);
  EXPECT_EQ(taken.dead_letters[0].body, message.body);
}

TEST(CloudEvents, ATransformFindsTheAttributesInTheMetadataAndTheLetterDoesNot) {
  const std::string attributes =
      R"("cloudevents":{"specversion":"1.0","id":"271069a8-fc18","source":"/ci",)"
      R"("type":"dev.cdevents.build.started.0.2.0","datacontenttype":"application/json",)"
      R"("context":"x"}})";
  const cdevents::Rules rules{.default_source = "/default"};
  for (auto message : {structured(R"("context":"x","data":{})"),
                       Message{.body = "{}", .headers = binary({{"ce-context", "x"}})}}) {
    message.metadata = R"({"topic":"cloudevents"})";
    std::string seen;
    const auto taken = take(message, rules, [&](Message& each) { seen = each.metadata; });
    EXPECT_EQ(seen, R"({"context":{"source":"/default"},"topic":"cloudevents",)" + attributes);
    ASSERT_EQ(taken.dead_letters.size(), 1U);
    EXPECT_EQ(taken.dead_letters[0].metadata, message.metadata);
  }
  std::string plain;
  take({.body = cdevent()}, rules, [&](Message& each) { plain = each.metadata; });
  EXPECT_EQ(plain, R"({"context":{"source":"/default"}})");
}

TEST(CloudEvents, ATransformSeesTheEventOfAnEnvelopeWithoutHeadersToo) {
  std::string seen;
  take({.body = envelope("\"data\":" + cdevent())}, {}, [&](Message& each) { seen = each.body; });
  EXPECT_EQ(seen, cdevent());
}

TEST(CloudEvents, AttributesSayNothingOfWhatATransformMade) {
  const auto other = [](Message& each) { each.body = cdevent("another"); };
  const auto taken = take({.body = cdevent(), .headers = binary({{"ce-ext", "x"}})}, {}, other);
  EXPECT_EQ(accepted(taken).headers, (Headers{{"ce-ext", "x"}}));
  EXPECT_TRUE(taken.mismatches.empty());
}

}  // namespace
}  // namespace cdviz::pipeline
