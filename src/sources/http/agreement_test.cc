#include "sources/http/agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/http/test_server.h"

namespace cdviz::sources::http {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

const Headers kOrigin = {{"WebHook-Request-Origin", "events.example.com"}};

TEST(Handshake, AnybodyMaySendUnlessToldOtherwise) {
  TestServer server;
  const auto response = server.ask(kOrigin);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(
      response->headers,
      (Headers{{"WebHook-Allowed-Origin", "*"}, {"WebHook-Allowed-Rate", "*"}, {"Allow", "POST"}}));
}

TEST(Handshake, AnAllowedOriginIsNamedAndToldTheRate) {
  TestServer server(
      {.id = "test",
       .agreement = {.allowed_origins = {"a.example", "Events.Example.com"}, .allowed_rate = 120}});
  const auto response = server.ask(
      {{"webhook-request-origin", "events.example.com"}, {"WebHook-Request-Rate", "1000"}});
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers, (Headers{{"WebHook-Allowed-Origin", "events.example.com"},
                                        {"WebHook-Allowed-Rate", "120"},
                                        {"Allow", "POST"}}));
}

TEST(Handshake, AnotherOriginGetsNoConsent) {
  TestServer server({.id = "test", .agreement = {.allowed_origins = {"a.example"}}});
  const auto response = server.ask(kOrigin);
  EXPECT_EQ(response->status, 403);
  EXPECT_EQ(response->headers.find("WebHook-Allowed-Origin"), std::nullopt);
  EXPECT_EQ(response->headers.find("WebHook-Allowed-Rate"), std::nullopt);
}

TEST(Handshake, WithoutAnOriginOrWithARateThatIsNoneItIsABadRequest) {
  TestServer server;
  EXPECT_EQ(server.ask({})->status, 400);
  EXPECT_EQ(server.ask({{"WebHook-Request-Origin", ""}})->status, 400);
  for (const auto* rate : {"0", "-1", "1.5", "many", "", "1 "}) {
    Headers headers = kOrigin;
    headers.add("WebHook-Request-Rate", rate);
    const auto response = server.ask(headers);
    EXPECT_EQ(response->status, 400) << rate;
    EXPECT_EQ(response->headers.find("WebHook-Allowed-Origin"), std::nullopt);
  }
}

TEST(Handshake, ACallbackIsNotCalledAndTheAnswerComesAtOnce) {
  TestServer server;
  Headers headers = kOrigin;
  headers.add("WebHook-Request-Callback", "http://169.254.169.254/latest/meta-data");
  EXPECT_EQ(server.ask(headers)->headers.find("WebHook-Allowed-Origin"), "*");
}

TEST(Handshake, WantsNoCredentials) {
  net::Credentials credentials;
  credentials.allow_bearer("secret");
  TestServer server({.id = "test", .credentials = std::move(credentials)});
  EXPECT_EQ(server.ask(kOrigin)->status, 200);
  EXPECT_EQ(server.post("{}", kOrigin)->status, 401);
}

TEST(Delivery, OfAnOriginThatIsNotAllowedIsRefused) {
  TestServer server({.id = "test", .agreement = {.allowed_origins = {"a.example"}}});
  EXPECT_EQ(server.post("{}", kOrigin)->status, 403);
  EXPECT_EQ(server.post("{}", {{"WebHook-Request-Origin", "A.example"}})->status, 202);
  EXPECT_EQ(server.post("{}")->status, 202) << "who does not know the handshake says nothing";
}

TEST(Delivery, AboveTheRateIsToldWhenToComeAgain) {
  TestServer server({.id = "test", .agreement = {.allowed_rate = 2}});
  EXPECT_EQ(server.post("{}")->status, 202);
  EXPECT_EQ(server.post("{}")->status, 202);
  const auto response = server.post("{}");
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->headers.find("Retry-After"), "30");
  EXPECT_THAT(response->body, HasSubstr("allowed_rate"));
  EXPECT_EQ(server.ask(kOrigin)->status, 200) << "asking is free";
}

TEST(Delivery, ToAWebhookThatIsGoneIsToldSoWhoeverSends) {
  net::Credentials credentials;
  credentials.allow_bearer("secret");
  TestServer server({.id = "test", .credentials = std::move(credentials), .gone = true});
  EXPECT_EQ(server.post("{}")->status, 410);
  EXPECT_EQ(server.ask(kOrigin)->status, 410);
  EXPECT_TRUE(server.inlet.messages.empty());
}

TEST(RateLimit, AMinutesWorthAtOnceThenEvenly) {
  RateLimit limit(60);
  std::chrono::steady_clock::time_point now{100h};
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(limit.take(now)) << i;
  EXPECT_EQ(limit.take(now), 1s);
  EXPECT_FALSE(limit.take(now + 1s));
  EXPECT_EQ(limit.take(now + 1s), 1s);
  now += 1h;
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(limit.take(now)) << "no more than a minute is saved up";
  EXPECT_TRUE(limit.take(now));
}

TEST(RateLimit, WhatIsRefusedIsNotCounted) {
  RateLimit limit(1);
  const std::chrono::steady_clock::time_point now{};
  EXPECT_FALSE(limit.take(now));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.take(now), 60s);
  EXPECT_EQ(limit.take(now + 59500ms), 1s);
  EXPECT_FALSE(limit.take(now + 60s));
}

TEST(RateLimit, HoldsForALargeRate) {
  RateLimit limit(1'000'000);
  const std::chrono::steady_clock::time_point now{};
  for (int i = 0; i < 1'000'000; ++i) {
    if (limit.take(now)) FAIL() << i;
  }
  EXPECT_EQ(limit.take(now), 1s);
}

}  // namespace
}  // namespace cdviz::sources::http
