#include "sinks/http/request.h"

#include <gtest/gtest.h>

namespace cdviz::sinks::http {
namespace {

constexpr const char* kTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

EventData event(Headers headers = {}) {
  return {.source = "/ci",
          .id = "7",
          .type = "dev.cdevents.service.deployed.0.2.0",
          .timestamp = "2024-05-06T07:08:09Z",
          .subject_id = "a b%",
          .json = R"({"n": 1.10})",
          .headers = std::move(headers)};
}

TEST(Request, BinaryHoldsTheEventByteForByteAndSixAttributes) {
  const auto request = request_of(event(), ContentMode::binary);
  EXPECT_EQ(request.body, R"({"n": 1.10})");
  EXPECT_EQ(request.headers, (Headers{{"ce-specversion", "1.0"},
                                      {"ce-id", "7"},
                                      {"ce-source", "/ci"},
                                      {"ce-type", "dev.cdevents.service.deployed.0.2.0"},
                                      {"ce-subject", "a%20b%25"},
                                      {"ce-time", "2024-05-06T07:08:09Z"},
                                      {"content-type", "application/json"}}));
}

TEST(Request, StructuredHoldsTheEventByteForByteInside) {
  const auto request = request_of(event(), ContentMode::structured);
  EXPECT_NE(request.body.find(R"("data":{"n": 1.10}})"), std::string::npos);
  EXPECT_EQ(request.headers.find("content-type"), "application/cloudevents+json; charset=UTF-8");
  EXPECT_EQ(request.headers.size(), 1U);
}

TEST(Request, TheTraceAndKeptHeadersAreSentOn) {
  for (const auto mode : {ContentMode::binary, ContentMode::structured}) {
    const auto request = request_of(
        event({{"traceparent", kTrace}, {"tracestate", "a=b"}, {"X-GitHub-Event", "push"}}), mode);
    EXPECT_EQ(request.headers.find("traceparent"), kTrace);
    EXPECT_EQ(request.headers.find("tracestate"), "a=b");
    EXPECT_EQ(request.headers.find("x-github-event"), "push");
  }
}

TEST(Request, WhatBelongsToAHopOrIsASecretIsNotSentOn) {
  const auto plain = request_of(event(), ContentMode::binary);
  const auto request = request_of(event({{"Host", "evil"},
                                         {"Content-Length", "1"},
                                         {"Transfer-Encoding", "chunked"},
                                         {"Authorization", "Bearer x"},
                                         {"Cookie", "a"},
                                         {"x-a", "b\r\nx-c: d"},
                                         {"x b", "c"},
                                         {"", "c"}}),
                                  ContentMode::binary);
  EXPECT_EQ(request.headers, plain.headers);
}

TEST(Request, ABatchIsAnArrayWithATraceForEach) {
  const std::array events{Event(event({{"traceparent", kTrace}})), Event(event())};
  const auto request = batch_of(events);
  EXPECT_EQ(request.headers,
            (Headers{{"content-type", "application/cloudevents-batch+json; charset=UTF-8"}}));
  const std::string one =
      R"({"specversion":"1.0","id":"7","source":"/ci","type":"dev.cdevents.service.deployed.0.2.0",)"
      R"("subject":"a b%","time":"2024-05-06T07:08:09Z",)";
  const std::string data = R"("datacontenttype":"application/json","data":{"n": 1.10}})";
  EXPECT_EQ(request.body,
            "[" + one + "\"traceparent\":\"" + kTrace + "\"," + data + "," + one + data + "]");
}

}  // namespace
}  // namespace cdviz::sinks::http
