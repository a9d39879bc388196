// What the webhook makes of CloudEvents: how the body is cut, and what the intake is told of it.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/http/test_server.h"

namespace cdviz::sources::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Headers binary(const Headers& more = {}) {
  Headers headers = {
      {"Ce-Specversion", "1.0"}, {"CE-Id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}};
  for (const auto& [name, value] : more) headers.add(name, value);
  return headers;
}

Headers typed(const char* content_type) { return {{"Content-Type", content_type}}; }

TEST(CloudEventsOverHttp, BinaryAttributesAreDecodedAndOneBodyIsOneEvent) {
  TestServer server;
  for (const auto* body : {"{\"a\":1}", "[{},{}]", "{}\n{}"}) {
    server.inlet.messages.clear();
    EXPECT_EQ(server
                  .post(body, binary({{"Content-Type", "application/json; charset=utf-8"},
                                      {"CE-Subject", "a%20b"}}))
                  ->status,
              202);
    ASSERT_THAT(server.inlet.bodies(), ElementsAre(body));
    EXPECT_EQ(server.inlet.messages[0].headers,
              (Headers{{"ce-specversion", "1.0"},
                       {"ce-id", "1"},
                       {"ce-source", "/s"},
                       {"ce-type", "t"},
                       {"ce-subject", "a b"},
                       {"content-type", "application/json; charset=utf-8"}}));
  }
}

// Trap 37.
TEST(CloudEventsOverHttp, ASubjectThatIsAPurlIsDecodedOnce) {
  TestServer server;
  server.post("{}", binary({{"ce-subject", "pkg:oci/app@sha256%253A0b31"}}));
  EXPECT_EQ(server.inlet.messages.at(0).headers.find("ce-subject"), "pkg:oci/app@sha256%3A0b31");
}

TEST(CloudEventsOverHttp, AHeaderThatIsNotUtf8IsAProblemOfTheMessage) {
  TestServer server;
  server.post("{}", binary({{"ce-subject", "%C0%A0"}}));
  EXPECT_THAT(server.inlet.messages.at(0).problems,
              ElementsAre(Problem{
                  "", "cloudevents",
                  "the header ce-subject is not UTF-8 once its percent-encoding is undone"}));
}

TEST(CloudEventsOverHttp, AStructuredEventIsOneDocument) {
  TestServer server;
  for (const auto* type :
       {"application/cloudevents+json", "Application/CloudEvents+JSON; charset=UTF-8",
        "application/cloudevents"}) {
    server.inlet.messages.clear();
    EXPECT_EQ(server.post(" {\"a\":[1]} \n", typed(type))->status, 202) << type;
    EXPECT_THAT(server.inlet.bodies(), ElementsAre("{\"a\":[1]}"));
    EXPECT_EQ(server.inlet.messages.at(0).headers, (Headers{{"content-type", type}}));
  }
  server.inlet.messages.clear();
  server.post("[{},{}]", typed("application/cloudevents+json"));
  EXPECT_THAT(server.inlet.bodies(), ElementsAre("[{},{}]"))
      << "the intake says that it is no batch";
}

TEST(CloudEventsOverHttp, ABatchIsSplitIntoStructuredEvents) {
  TestServer server;
  const auto batch = typed("application/cloudevents-batch+json; charset=utf-8");
  EXPECT_EQ(server.post("[{\"a\":1}, {\"b\":2}]", batch)->status, 202);
  EXPECT_THAT(server.inlet.bodies(), ElementsAre("{\"a\":1}", "{\"b\":2}"));
  for (const auto& message : server.inlet.messages) {
    EXPECT_EQ(message.headers, (Headers{{"content-type", "application/cloudevents+json"}}));
  }
}

TEST(CloudEventsOverHttp, AnEmptyBatchIsFine) {
  TestServer server;
  const auto response = server.post("[]", typed("application/cloudevents-batch+json"));
  EXPECT_EQ(response->status, 202);
  EXPECT_EQ(response->body, "{\"accepted\":[],\"refused\":[]}\n");
}

TEST(CloudEventsOverHttp, EachEventOfABatchHasItsOwnResult) {
  TestServer server;
  const auto response =
      server.post("[{\"good\":1},{\"bad\":2}]", typed("application/cloudevents-batch+json"));
  EXPECT_EQ(response->status, 202);
  EXPECT_THAT(response->body, HasSubstr(R"("accepted":[{"id":"id-0")"));
  EXPECT_THAT(response->body, HasSubstr(R"("refused":[{"index":1,)"));
}

TEST(CloudEventsOverHttp, ABatchThatIsNoArrayGoesToTheIntakeAsItIs) {
  TestServer server;
  for (const auto* body : {"{\"a\":1}", "[{\"a\":1},"}) {
    server.inlet.messages.clear();
    server.post(body, typed("application/cloudevents-batch+json"));
    ASSERT_THAT(server.inlet.bodies(), ElementsAre(body));
    EXPECT_EQ(server.inlet.messages[0].headers.find("content-type"),
              "application/cloudevents-batch+json");
  }
}

TEST(CloudEventsOverHttp, OtherFormatsAre415) {
  TestServer server;
  for (const auto* type :
       {"application/cloudevents+avro", "application/cloudevents+protobuf",
        "application/cloudevents+xml", "application/cloudevents-batch+protobuf"}) {
    const auto response = server.post("{}", typed(type));
    EXPECT_EQ(response->status, 415) << type;
    EXPECT_THAT(response->body, HasSubstr("application/cloudevents+json"));
  }
  EXPECT_EQ(server.post("<a/>", binary({{"Content-Type", "application/xml"}}))->status, 415);
  EXPECT_THAT(server.inlet.messages, IsEmpty());
}

TEST(CloudEventsOverHttp, WithoutTheRequiredHeadersItIsPlainJson) {
  TestServer server;
  server.post("[{},{}]", {{"ce-id", "1"}, {"Content-Type", "application/json"}});
  ASSERT_EQ(server.inlet.messages.size(), 2U);
  EXPECT_EQ(server.inlet.messages[0].headers, Headers{});
}

TEST(CloudEventsOverHttp, ATokenInTheUrlKeepsTheAnswerOutOfCaches) {
  TestServer server;
  const auto response = server.post("{}", binary(), "access_token=secret");
  EXPECT_EQ(response->headers.find("Cache-Control"), "private");
  EXPECT_THAT(server.inlet.messages.at(0).metadata, ::testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace cdviz::sources::http
