#include "sources/http/webhook_source.h"

#include <future>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"
#include "sources/http/test_server.h"

namespace cdviz::sources::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Webhook, OneObjectIsAnsweredWithItsKeyOnceItIsStored) {
  TestServer server;
  const auto response = server.post(R"({"a": 1.0})", {{"Content-Type", "application/json"}});
  EXPECT_EQ(response->status, 202);
  EXPECT_EQ(response->content_type, "application/json");
  EXPECT_EQ(response->body, R"({"accepted":[{"id":"id-0","source":"/source"}],"refused":[]})"
                            "\n");
  EXPECT_THAT(server.inlet.bodies(), ElementsAre(R"({"a": 1.0})"));
}

TEST(Webhook, NobodyIsAnsweredBeforeTheInletHasSettled) {
  TestServer server;
  server.inlet.holds = true;
  EXPECT_FALSE(server.post("{}"));
  server.inlet.held();
  EXPECT_EQ(server.late_answer()->status, 202);
}

TEST(Webhook, AnArrayOrLinesAreOneMessageForEachEvent) {
  TestServer server;
  EXPECT_EQ(server.post(R"([{"a":1}, {"b":2}])")->status, 202);
  EXPECT_EQ(
      server.post("{\"c\":3}\n{\"d\":4}\n", {{"Content-Type", "application/x-ndjson"}})->status,
      202);
  EXPECT_THAT(server.inlet.bodies(),
              ElementsAre(R"({"a":1})", R"({"b":2})", R"({"c":3})", R"({"d":4})"));
}

TEST(Webhook, EachEventOfABatchHasItsOwnResult) {
  TestServer server;
  const auto response = server.post("{\"good\":1}\n\n{\"bad\":2}\ngarbage\n{\"skip\":3}\n",
                                    {{"Content-Type", "application/x-ndjson; charset=UTF-8"}});
  EXPECT_EQ(response->status, 202);
  EXPECT_EQ(response->body,
            R"({"accepted":[{"id":"id-0","source":"/source"}],"refused":[)"
            R"({"index":1,"id":"the-id","source":"/the/source","problems":[)"
            R"({"pointer":"/context/id","rule":"required","message":"is missing"}]},)"
            R"({"index":2,"problems":[{"pointer":"","rule":"json","message":"is not JSON"}]}],)"
            R"("filtered":[{"index":3,"reason":"a rule"}]})"
            "\n");
}

TEST(Webhook, WhatWasNoticedInAnAcceptedEventIsToldToItsSender) {
  TestServer server;
  const auto body = [&](const char* sent) { return server.post(sent)->body; };
  EXPECT_EQ(body(R"({"odd":1})"),
            R"({"accepted":[{"id":"odd","source":"/source","normalised":["id","time"],)"
            R"("violations":[{"pointer":"/subject","rule":"required","message":"is missing"}]}],)"
            R"("refused":[]})"
            "\n");
  EXPECT_THAT(body(R"({"very odd":1})"), HasSubstr(R"(}],"more_violations":2}],"refused")"));
}

TEST(Webhook, AnEmptyArrayIsFine) {
  TestServer server;
  const auto response = server.post("[]");
  EXPECT_EQ(response->status, 202);
  EXPECT_EQ(response->body, "{\"accepted\":[],\"refused\":[]}\n");
  EXPECT_THAT(server.inlet.messages, IsEmpty());
}

TEST(Webhook, WhenEveryEventIsRefusedTheProblemNamesThem) {
  TestServer server;
  const auto response = server.post(R"([{"bad":1},{"bad":2}])");
  EXPECT_EQ(response->status, 422);
  EXPECT_EQ(response->content_type, "application/problem+json");
  EXPECT_THAT(response->body, HasSubstr(R"("events":[{"index":0,"id":"the-id",)"));
  EXPECT_THAT(response->body, HasSubstr(R"("rule":"required")"));
}

TEST(Webhook, FilteredAloneIsASuccess) {
  TestServer server;
  EXPECT_EQ(server.post(R"({"skip":1})")->status, 202);
}

TEST(Webhook, WhatIsNotJsonIs400AndStillGoesToTheInletForTheDeadLetters) {
  TestServer server;
  EXPECT_EQ(server.post("garbage")->status, 400);
  EXPECT_EQ(server.post("[{\"garbage\":1},")->status, 400);
  EXPECT_THAT(server.inlet.bodies(), ElementsAre("garbage", "[{\"garbage\":1},"));
}

TEST(Webhook, AnEmptyBodyIs400AndLeavesNoTrace) {
  TestServer server;
  EXPECT_EQ(server.post("")->status, 400);
  EXPECT_EQ(server.post(" \n")->status, 400);
  EXPECT_THAT(server.inlet.messages, IsEmpty());
}

TEST(Webhook, AFullQueueIs503WithRetryAfter) {
  TestServer server;
  server.inlet.answer = Offered::full;
  auto response = server.post("{}");
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->headers.find("Retry-After"), "5");
  server.inlet.answer = Offered::closed;
  EXPECT_EQ(server.post("{}")->status, 503);
}

TEST(Webhook, AFailureToStoreIs503AndDoesNotTellWhereTheDiskIs) {
  TestServer server;
  server.inlet.fails = Error{Fault::retry, "/var/lib/secret: no space", "disk_full",
                             std::chrono::milliseconds(1500)};
  const auto response = server.post("{}");
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->headers.find("Retry-After"), "2");
  EXPECT_THAT(response->body, Not(HasSubstr("/var/lib")));
}

TEST(Webhook, WhatIsLargerThanTheWholeQueueIs413) {
  TestServer server;
  server.inlet.fails = Error{Fault::reject, "larger than the queue", "batch_too_large"};
  EXPECT_EQ(server.post("{}")->status, 413);
}

TEST(Webhook, ForeignTypesAreRefusedBeforeTheBodyIsRead) {
  TestServer server;
  for (const char* type : {"multipart/form-data; boundary=x", "image/png", "application/xml",
                           "application/atom+xml", "application/json; charset=iso-8859-1"}) {
    net::RequestHead head;
    head.headers = {{"Content-Type", type}};
    const auto response = server.route().admit(head);
    ASSERT_TRUE(response) << type;
    EXPECT_EQ(response->status, 415) << type;
  }
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded",
                           "application/cloudevents+json; charset=\"utf-8\"", "APPLICATION/JSON"}) {
    EXPECT_EQ(server.post("{}", {{"Content-Type", type}})->status, 202) << type;
  }
}

TEST(Webhook, MoreEventsThanTheLimitAreRefusedWhole) {
  TestServer server;
  std::string body = "[{}";
  for (std::size_t i = 0; i < limits::kBatchEvents; ++i) body += ",{}";
  EXPECT_EQ(server.post(body + "]")->status, 413);
  EXPECT_THAT(server.inlet.messages, IsEmpty());
}

TEST(Webhook, KeepsTheTraceContextAndTheHeadersItWasToldTo) {
  TestServer server({.id = "test", .headers_to_keep = {"X-GitHub-Event", "X-Absent"}});
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  server.post("[{},{}]", {{"traceparent", parent},
                          {"tracestate", "a=1"},
                          {"x-github-event", "push"},
                          {"Authorization", "Bearer secret"},
                          {"Other", "x"}});
  ASSERT_EQ(server.inlet.messages.size(), 2U);
  for (const auto& message : server.inlet.messages) {
    EXPECT_EQ(
        message.headers,
        (Headers{{"traceparent", parent}, {"tracestate", "a=1"}, {"X-GitHub-Event", "push"}}));
  }
}

TEST(Webhook, MetadataIsWhatWasConfiguredAndWhereItCameFrom) {
  const auto metadata_with = [](const char* configured) {
    TestServer server({.id = "test", .metadata = configured});
    server.post("{}");
    return server.inlet.messages.at(0).metadata;
  };
  EXPECT_EQ(metadata_with("{}"), R"({"http":{"path":"/webhook/test","remote":"127.0.0.1:54321"}})");
  EXPECT_EQ(metadata_with(R"({"team":"a"})"),
            R"({"team":"a","http":{"path":"/webhook/test","remote":"127.0.0.1:54321"}})");
  EXPECT_EQ(metadata_with(R"({"http":1})"), R"({"http":1})");
}

TEST(Webhook, TwoWithTheSameIdAreAConfigurationError) {
  TestServer server;
  const auto second = make_webhook_source({.id = "test"}, server.services);
  const auto result = second->run(server.inlet, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::stop);
  EXPECT_THAT(result.error().message, HasSubstr("/webhook/test"));
}

TEST(Webhook, StoppingTakesTheRouteAwayAndWaitsForWhatIsUnderWay) {
  TestServer server;
  server.inlet.holds = true;
  EXPECT_FALSE(server.post("{}"));
  auto stopped = std::async(std::launch::async, [&] { return server.stop().has_value(); });
  while (server.routes.size() != 0) std::this_thread::yield();
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  server.inlet.held();
  EXPECT_TRUE(stopped.get());
  EXPECT_EQ(server.late_answer()->status, 202);
}

TEST(Webhook, ARequestThatComesTooLateDoesNotReachTheInlet) {
  TestServer server;
  ASSERT_TRUE(server.stop());
  const auto response = server.post("{}");  // its head was read before the route went
  EXPECT_EQ(response->status, 503);
  EXPECT_THAT(server.inlet.messages, IsEmpty());
}

TEST(Webhook, AnInletThatForgetsToSettleDoesNotHoldUpTheEnd) {
  TestServer server;
  server.inlet.holds = true;
  EXPECT_FALSE(server.post("{}"));
  server.inlet.held = nullptr;
  EXPECT_TRUE(server.stop());
}

}  // namespace
}  // namespace cdviz::sources::http
