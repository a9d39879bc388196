#include "net/outgoing_headers.h"

#include <gtest/gtest.h>

#include "net/header_rules.h"

namespace cdviz::net {
namespace {

using namespace std::chrono_literals;

const WallTime kNow{std::chrono::seconds(1'700'000'000)};

SignatureRule rule(std::string key = "secret") { return {.keys = {std::move(key)}}; }

TEST(OutgoingHeaders, FixedOnesReplaceWhatIsThere) {
  OutgoingHeaders outgoing;
  ASSERT_TRUE(outgoing.add("X-Team", "a"));
  ASSERT_TRUE(outgoing.add("Authorization", "Bearer t0ken", true));
  Headers headers{{"x-team", "old"}, {"content-type", "application/json"}};
  ASSERT_TRUE(outgoing.apply(headers, "{}", kNow));
  EXPECT_EQ(headers.find("X-Team"), "a");
  EXPECT_EQ(headers.find("authorization"), "Bearer t0ken");
  EXPECT_EQ(headers.find("content-type"), "application/json");
  EXPECT_EQ(headers.size(), 3U);
}

TEST(OutgoingHeaders, ASignatureIsThatOfTheDocumentation) {
  // https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
  OutgoingHeaders outgoing;
  SignatureRule github = rule("It's a Secret to Everybody");
  github.prefix = "sha256=";
  ASSERT_TRUE(outgoing.add("X-Hub-Signature-256", std::move(github)));
  Headers headers;
  ASSERT_TRUE(outgoing.apply(headers, "Hello, World!", kNow));
  EXPECT_EQ(headers.find("x-hub-signature-256"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

TEST(OutgoingHeaders, WhatIsSignedHereIsVerifiedByTheRulesOfASource) {
  for (const auto algorithm :
       {HashAlgorithm::sha1, HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512}) {
    for (const auto encoding : {BinaryText::hex, BinaryText::base64}) {
      SignatureRule both = rule("key");
      both.algorithm = algorithm;
      both.encoding = encoding;
      both.prefix = "v1,";
      both.signed_headers = {"ce-id", "webhook-timestamp", "X-Team"};
      both.separator = ".";
      both.timestamp_header = "webhook-timestamp";
      OutgoingHeaders outgoing;
      ASSERT_TRUE(outgoing.add("webhook-signature", both));
      ASSERT_TRUE(outgoing.add("X-Team", "a"));  // added later, signed all the same
      Headers headers{{"ce-id", "7"}};
      ASSERT_TRUE(outgoing.check());
      ASSERT_TRUE(outgoing.apply(headers, "body", kNow));
      EXPECT_EQ(headers.find("webhook-timestamp"), "1700000000");

      HeaderRules rules;
      ASSERT_TRUE(rules.add({"webhook-signature", both}));
      EXPECT_FALSE(rules.check_head(headers, kNow + 1min));
      EXPECT_FALSE(rules.check_body(headers, "body"));
      EXPECT_TRUE(rules.check_body(headers, "other"));
      EXPECT_TRUE(rules.check_head(headers, kNow + 10min));
    }
  }
}

TEST(OutgoingHeaders, AHeaderThatIsToBeSignedAndNotThereStopsTheSink) {
  OutgoingHeaders outgoing;
  SignatureRule signed_header = rule();
  signed_header.signed_headers = {"ce-missing"};
  ASSERT_TRUE(outgoing.add("x-signature", std::move(signed_header)));
  Headers headers;
  const auto applied = outgoing.apply(headers, "", kNow);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().fault, Fault::stop);
  EXPECT_NE(applied.error().message.find("ce-missing"), std::string::npos);
}

TEST(OutgoingHeaders, ASignatureOfASignatureIsRefused) {
  OutgoingHeaders outgoing;
  SignatureRule second = rule();
  second.signed_headers = {"X-First"};
  ASSERT_TRUE(outgoing.add("x-first", rule()));
  ASSERT_TRUE(outgoing.add("x-second", std::move(second)));
  EXPECT_FALSE(outgoing.check());
}

TEST(OutgoingHeaders, NothingCanBeSmuggledIn) {
  OutgoingHeaders outgoing;
  EXPECT_FALSE(outgoing.add("X-A", "a\r\nX-B: b"));
  EXPECT_FALSE(outgoing.add("X-A", std::string("a\0b", 3)));
  EXPECT_FALSE(outgoing.add("X A", "a"));
  EXPECT_FALSE(outgoing.add("X-A:", "a"));
  EXPECT_FALSE(outgoing.add("", "a"));
  EXPECT_FALSE(outgoing.add("X-A", ""));
  EXPECT_FALSE(outgoing.add("content-length", "5"));
  EXPECT_FALSE(outgoing.add("Transfer-Encoding", "chunked"));
  EXPECT_FALSE(outgoing.add("X-S", SignatureRule{.keys = {}}));
  EXPECT_TRUE(outgoing.empty());
}

TEST(OutgoingHeaders, WhatTheSinkWritesItselfIsRefused) {
  OutgoingHeaders outgoing;
  for (const auto* name : {"Host", "content-type", "ce-id", "CE_Type", "ce-datacontenttype",
                           "Nats-Rollup", "nats-msg-id"}) {
    EXPECT_FALSE(outgoing.add(name, "x")) << name;
  }
  for (const auto* name : {"ce-tenant", "ce_", "X-Ce-Id", "Natsuki"}) {
    EXPECT_TRUE(outgoing.add(name, "x")) << name;
  }
}

TEST(OutgoingHeaders, ATextWithASecretIsRecognised) {
  OutgoingHeaders outgoing;
  ASSERT_TRUE(outgoing.add("Authorization", "Bearer t0ken", true));
  ASSERT_TRUE(outgoing.add("X-Team", "team"));
  EXPECT_TRUE(outgoing.tells_secret("you sent Bearer t0ken, which is wrong"));
  EXPECT_FALSE(outgoing.tells_secret("team"));
}

}  // namespace
}  // namespace cdviz::net
