#include <gtest/gtest.h>

#include "core/limits.h"
#include "sources/nats/message_reader.h"

namespace cdviz::sources::nats {
namespace {

using cdviz::nats::Delivery;
using cdviz::nats::Incoming;

struct Reader : ::testing::Test {
  std::vector<Message> read(const std::string& body, Headers headers = {},
                            const Delivery* delivery = nullptr) {
    const MessageReader reader({std::move(rules), keep, metadata}, clock);
    return reader.read({.subject = "a.b", .reply = {}, .body = body, .headers = std::move(headers)},
                       delivery);
  }
  SystemClock clock;
  net::HeaderRules rules;
  std::vector<std::string> keep;
  std::string metadata = "{}";
};

TEST_F(Reader, ABareDocumentKeepsItsBytes) {
  const auto messages = read(" {\"n\": 1.10}\n");
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].body, " {\"n\": 1.10}\n");
  EXPECT_EQ(messages[0].metadata, R"({"nats":{"subject":"a.b"}})");
}

TEST_F(Reader, TheElementsOfAnArrayAreMessagesOfTheirOwn) {
  const auto messages = read("\xEF\xBB\xBF [ {\"a\":[1,2]} ,2,\"x,]\"]");
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0].body, "{\"a\":[1,2]}");
  EXPECT_EQ(messages[1].body, "2");
  EXPECT_EQ(messages[2].body, "\"x,]\"");
}

TEST_F(Reader, WhatIsNoArrayAfterAllIsOneMessageForTheDeadLetters) {
  for (const auto* body : {"", "[", "[}", "[]", "[1,", "not json"}) {
    const auto messages = read(body);
    ASSERT_EQ(messages.size(), 1U) << body;
    EXPECT_EQ(messages[0].body, body);
  }
}

TEST_F(Reader, AnArrayHasALimit) {
  std::string many = "[0";
  for (std::size_t i = 0; i < limits::kBatchEvents; ++i) many += ",0";
  const auto messages = read(many + "]");
  ASSERT_EQ(messages.size(), 1U);
  ASSERT_EQ(messages[0].problems.size(), 1U);
  EXPECT_EQ(messages[0].problems[0].rule, "too_many");
  EXPECT_EQ(messages[0].body.size(), many.size() + 1);
}

TEST_F(Reader, AttributesAndTheTraceStayWithTheMessage) {
  keep = {"X-Team"};
  const auto messages =
      read("[1]", {{"CE-Id", "a%20b"},
                   {"ce-source", "/s"},
                   {"ce-type", "t"},
                   {"ce-specversion", "1.0"},
                   {"ce-datacontenttype", "application/json"},
                   {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
                   {"x-team", "core"},
                   {"other", "no"}});
  ASSERT_EQ(messages.size(), 1U) << "the data of a binary CloudEvent is one document";
  EXPECT_EQ(messages[0].headers.find("ce-id"), "a b");
  EXPECT_EQ(messages[0].headers.find("content-type"), "application/json");
  EXPECT_TRUE(messages[0].headers.find("traceparent"));
  EXPECT_EQ(messages[0].headers.find("X-Team"), "core");
  EXPECT_FALSE(messages[0].headers.find("other"));
}

TEST_F(Reader, AnUndecodableAttributeIsAProblem) {
  const auto messages = read(
      "{}", {{"ce-id", "%FF"}, {"ce-source", "/s"}, {"ce-type", "t"}, {"ce-specversion", "1.0"}});
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_FALSE(messages[0].problems.empty());
}

TEST_F(Reader, WhoBreaksARuleDoesNotComeIn) {
  ASSERT_TRUE(rules.add({"X-Token", net::EqualsRule{.value = "secret"}}));
  const auto messages = read("{}", {{"X-Token", "wrong"}});
  ASSERT_EQ(messages.size(), 1U);
  ASSERT_EQ(messages[0].problems.size(), 1U);
  EXPECT_EQ(messages[0].problems[0].rule, "denied");
  EXPECT_EQ(messages[0].problems[0].message.find("secret"), std::string::npos);
  ASSERT_TRUE(rules.add({"X-Token", net::EqualsRule{.value = "secret"}}));
  EXPECT_TRUE(read("{}", {{"X-Token", "secret"}})[0].problems.empty());
}

TEST_F(Reader, TheMetadataSaysWhichMessageItWas) {
  metadata = R"({"team":"x"})";
  const Delivery delivery{"S", "c", 2, 17, 1'700'000'000'123'456'789, 0};
  EXPECT_EQ(
      read("{}", {}, &delivery)[0].metadata,
      R"({"team":"x","nats":{"subject":"a.b","stream":"S","consumer":"c","sequence":17,"delivered":2,"timestamp_ms":1700000000123}})");
  metadata = R"({"nats":"mine"})";
  EXPECT_EQ(read("{}", {}, &delivery)[0].metadata, R"({"nats":"mine"})");
}

}  // namespace
}  // namespace cdviz::sources::nats
