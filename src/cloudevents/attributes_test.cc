#include "cloudevents/attributes.h"

#include <gtest/gtest.h>

namespace cdviz::cloudevents {
namespace {

const Headers kRequired = {
    {"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}};

Headers with_type(const char* content_type) { return {{"Content-Type", content_type}}; }

// Trap 34: one is a prefix of the other.
TEST(Mode, ABatchIsNotTakenForAStructuredEvent) {
  for (const auto* type :
       {"application/cloudevents-batch+json", "application/cloudevents-batch",
        "Application/CloudEvents-Batch+JSON; charset=utf-8", "application/cloudevents-batch+xml"}) {
    EXPECT_EQ(mode_of(with_type(type)), Mode::batch) << type;
  }
  for (const auto* type : {"application/cloudevents+json", "application/cloudevents",
                           "APPLICATION/CLOUDEVENTS+JSON;charset=UTF-8",
                           "application/cloudevents+avro", "application/cloudevents; x=y"}) {
    EXPECT_EQ(mode_of(with_type(type)), Mode::structured) << type;
  }
}

TEST(Mode, BinaryWantsAllFourRequiredAttributes) {
  EXPECT_EQ(mode_of(kRequired), Mode::binary);
  for (const auto& [left_out, unused] : kRequired) {
    Headers headers;
    for (const auto& [name, value] : kRequired) {
      if (name != left_out) headers.add(name, value);
    }
    EXPECT_EQ(mode_of(headers), Mode::none) << left_out;
  }
  EXPECT_EQ(
      mode_of({{"Ce-Specversion", "1.0"}, {"CE-ID", "1"}, {"Ce-Source", "s"}, {"CE-type", "t"}}),
      Mode::binary);
  EXPECT_EQ(mode_of({}), Mode::none);
  EXPECT_EQ(mode_of(with_type("application/json")), Mode::none);
}

TEST(Mode, TheContentTypeGoesBeforeTheHeaders) {
  Headers headers = kRequired;
  headers.add("content-type", "application/cloudevents+json");
  EXPECT_EQ(mode_of(headers), Mode::structured);
}

TEST(MediaType, FormatsOtherThanJsonAreKnownAsSuch) {
  for (const auto* type : {"application/cloudevents+json", "application/cloudevents",
                           "application/cloudevents-batch+JSON ; charset=utf-8"}) {
    EXPECT_TRUE(is_json_format(type)) << type;
  }
  for (const auto* type : {"application/cloudevents+avro", "application/cloudevents+protobuf",
                           "application/cloudevents-batch+xml", "application/cloudeventsjson"}) {
    EXPECT_FALSE(is_json_format(type)) << type;
  }
}

TEST(MediaType, JsonIsWhateverSaysSo) {
  for (const auto* type : {"", "application/json", "Application/JSON; charset=utf-8", "text/json",
                           "application/vnd.cdevents+json"}) {
    EXPECT_TRUE(is_json_type(type)) << type;
  }
  for (const auto* type : {"text/plain", "application/xml", "json", "application/jsonp"}) {
    EXPECT_FALSE(is_json_type(type)) << type;
  }
}

TEST(AttributeText, HoldsNoControlCharactersAndNoNoncharacters) {
  for (const auto* good : {"", "a b", "Euro € 😀", "\u00A0", "\uFDCF", "\uFDF0", "\uFFFD",
                           "\U0001FFFD", "\U0010FFFD"}) {
    EXPECT_EQ(fault_of_text(good), std::nullopt) << good;
  }
  EXPECT_EQ(fault_of_text(std::string_view("\0", 1)), "holds a control character");
  for (const auto* bad : {"\n", "a\r\nb", "\x1F", "\x7F", "\u0080", "\u009F"}) {
    EXPECT_EQ(fault_of_text(bad), "holds a control character") << bad;
  }
  for (const auto* bad : {"\uFDD0", "\uFDEF", "\uFFFE", "\uFFFF", "\U0001FFFE", "\U0010FFFF"}) {
    EXPECT_EQ(fault_of_text(bad), "holds a noncharacter") << bad;
  }
  for (const auto* bad : {"\xC0\xA0", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\xE2\x82", "\xFF"}) {
    EXPECT_EQ(fault_of_text(bad), "is not UTF-8");
  }
}

TEST(HeadersToSendOn, ExtensionsStayAndWhatTheEventSaysItselfGoes) {
  Headers headers = kRequired;
  for (const auto* name : {"ce-subject", "ce-time", "ce-dataschema", "Content-Type"}) {
    headers.add(name, "x");
  }
  headers.add("x-kept", "1");
  headers.add("ce-partitionkey", "k");
  EXPECT_EQ(headers_to_send_on(headers), (Headers{{"x-kept", "1"}, {"ce-partitionkey", "k"}}));
}

TEST(HeadersToSendOn, WhatIsNoCloudEventStaysAsItIs) {
  const Headers headers = {{"content-type", "application/json"}, {"ce-id", "1"}};
  EXPECT_EQ(headers_to_send_on(headers), headers);
}

TEST(HeadersToSendOn, ATraceContextOfTheEventStandsInForTheTransports) {
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  Headers headers = kRequired;
  headers.add("ce-traceparent", parent);
  headers.add("ce-tracestate", "a=1");
  EXPECT_EQ(headers_to_send_on(headers), (Headers{{"ce-traceparent", parent},
                                                  {"ce-tracestate", "a=1"},
                                                  {"traceparent", parent},
                                                  {"tracestate", "a=1"}}));
  headers.add("traceparent", "of the transport");
  EXPECT_EQ(headers_to_send_on(headers).find("traceparent"), "of the transport");
  EXPECT_EQ(headers_to_send_on(headers).find("tracestate"), std::nullopt);
  headers = kRequired;
  headers.add("ce-traceparent", "nonsense");
  EXPECT_EQ(headers_to_send_on(headers).find("traceparent"), std::nullopt);
}

}  // namespace
}  // namespace cdviz::cloudevents
