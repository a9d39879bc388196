#include <gtest/gtest.h>

#include "cloudevents/transport.h"
#include "sinks/nats/answers.h"
#include "sinks/nats/message.h"

namespace cdviz::sinks::nats {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

using namespace std::chrono_literals;

EventData event_of(std::string subject_id = "svc") {
  return {.source = "/ci/jöb",
          .id = "id 1",
          .type = "dev.cdevents.service.deployed.0.3.0",
          .timestamp = "2026-03-01T12:00:00Z",
          .subject_id = std::move(subject_id),
          .json = R"({"context":{},"n":1.10})",
          .headers = {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
                      {"X-Kept", "yes"},
                      {"Nats-Rollup", "all"},
                      {"ce-team", "platform"},
                      {"bad", "a\r\nb"}}};
}

MessageSettings settings_of(const std::string& subject, bool structured) {
  return {.subject = EventTemplate::parse(subject).value(),
          .encoding = {.transport = cloudevents::Transport::nats, .structured = structured}};
}

TEST(NatsMessage, StructuredHoldsTheEventByteForByte) {
  const auto message = message_of(event_of(), settings_of("cdevents.{type}", true), kNow);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->subject, "cdevents.dev.cdevents.service.deployed.0.3.0");
  EXPECT_NE(message->body.find(R"("data":{"context":{},"n":1.10}})"), std::string::npos);
  EXPECT_EQ(message->headers.find("Nats-Msg-Id"), "/ci/j%C3%B6b id%201");
  EXPECT_TRUE(message->headers.find("Content-Type")->starts_with("application/cloudevents+json"));
  EXPECT_EQ(message->headers.find("X-Kept"), "yes");
  EXPECT_TRUE(message->headers.find("traceparent"));
  EXPECT_FALSE(message->headers.find("Nats-Rollup")) << "would delete what the stream has";
  EXPECT_FALSE(message->headers.find("bad"));
  EXPECT_FALSE(message->headers.find("ce-id"));
}

TEST(NatsMessage, BinaryHasTheAttributesAsHeaders) {
  const auto message = message_of(event_of("a b"), settings_of("cdevents.{type}", false), kNow);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->body, event_of().json);
  EXPECT_EQ(message->headers.find("ce-id"), "id%201");
  EXPECT_EQ(message->headers.find("ce-subject"), "a%20b");
  EXPECT_EQ(message->headers.find("ce-team"), "platform");
  EXPECT_EQ(message->headers.find("ce-datacontenttype"), "application/json");
  const auto back = cloudevents::attribute_headers(cloudevents::Transport::nats, message->headers);
  EXPECT_EQ(back.headers.find("ce-subject"), "a b");
  EXPECT_EQ(back.headers.find("ce-source"), "/ci/jöb");
}

TEST(NatsMessage, ConfiguredHeadersAndSignaturesGoAlongAndReplaceWhatTheSourceKept) {
  auto settings = settings_of("cdevents.{type}", true);
  ASSERT_TRUE(settings.headers.add("X-Kept", "no"));
  const net::SignatureRule rule{.keys = {"key"}};
  ASSERT_TRUE(settings.headers.add("X-Signature", rule));
  const auto message = message_of(event_of(), settings, kNow);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->headers.find("X-Kept"), "no");
  EXPECT_TRUE(net::Signature::make(rule)->verifies(*message->headers.find("X-Signature"),
                                                   message->headers, message->body));
}

TEST(NatsMessage, ValuesOfTheEventCannotBreakOutOfTheSubject) {
  for (const auto* id : {"a b", "*", ">", "a..b", ".", "x\r\nPUB evil 1\r\n", "", "é"}) {
    const auto message = message_of(event_of(id), settings_of("s.{subject_id}.end", true), kNow);
    ASSERT_TRUE(message) << id;
    EXPECT_EQ(message->subject.find_first_of(" *>\r\n"), std::string::npos) << message->subject;
  }
  const auto large =
      message_of(event_of(std::string(2000, 'x')), settings_of("s.{subject_id}", true), kNow);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().fault, Fault::reject);
}

TEST(NatsMessage, TheIdIsThatOfTheEventAndTellsSourceAndIdApart) {
  EventData a = event_of();
  EventData b = event_of();
  a.source = "x y";
  a.id = "z";
  b.source = "x";
  b.id = "y z";
  EXPECT_NE(message_id(a), message_id(b));
  a.id = std::string(2000, 'i');
  EXPECT_TRUE(message_id(a).starts_with("sha256:"));
  EXPECT_EQ(message_id(a).size(), 7U + 64U);
}

cdviz::nats::Incoming answer(const std::string& subject, const std::string& body, int status = 0) {
  return {.subject = subject, .reply = {}, .body = body, .status = status};
}
constexpr auto* kStored = R"({"stream":"S","seq":1})";

TEST(Answers, AllOfTheBatchIsStoredWhenEachIsAnswered) {
  Answers answers("_INBOX.x");
  answers.begin(2);
  const std::string first = answers.reply_to(0);
  answers.take(answer(first, kStored));
  answers.take(answer(first, kStored));  // twice counts once
  answers.take(answer("_INBOX.x", kStored));
  answers.take(answer("_INBOX.x.1.7", kStored));
  answers.take(answer("_INBOX.x.9.1", kStored));
  EXPECT_EQ(answers.wait(0ms, {}).error().code, "ack_timeout");
  answers.take(answer(answers.reply_to(1), R"({"stream":"S","seq":1,"duplicate":true})"));
  EXPECT_TRUE(answers.wait(1h, {}));
  EXPECT_EQ(answers.duplicates(), 1U);
  answers.begin(1);
  answers.take(answer(first, kStored));  // of the batch before
  EXPECT_FALSE(answers.wait(0ms, {}));
}

TEST(Answers, TheWorstAnswerCounts) {
  Answers answers("_INBOX.x");
  answers.begin(3);
  answers.take(answer(answers.reply_to(0), "", 503));
  answers.take(answer(answers.reply_to(1),
                      R"({"error":{"code":400,"err_code":10054,"description":"too large"}})"));
  answers.take(answer(answers.reply_to(2), kStored));
  const auto sent = answers.wait(1h, {});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::reject);
  answers.begin(1);
  answers.take(answer(answers.reply_to(0), "{}"));
  EXPECT_EQ(answers.wait(1h, {}).error().code, "nats_answer");
}

TEST(Answers, AStopAndALostConnectionEndTheWait) {
  Answers answers("_INBOX.x");
  answers.begin(1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(answers.wait(1h, stop.get_token()).error().code, "stopped");
  answers.give_up();
  EXPECT_EQ(answers.wait(1h, {}).error().code, "connection_lost");
}

}  // namespace
}  // namespace cdviz::sinks::nats
