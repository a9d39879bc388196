#include "cloudevents/unwrap.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloudevents/attributes.h"

namespace cdviz::cloudevents {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kRequired = R"("specversion":"1.0","id":"1","source":"/s","type":"t")";

Message structured(std::string body) {
  return {.body = std::move(body), .headers = {{"content-type", "application/cloudevents+json"}}};
}

/// A structured event with these members besides the required ones.
Unwrapped with(const std::string& members) {
  return unwrap(structured(std::string("{") + kRequired + "," + members + "}"));
}

/// The body, or what is wrong as "pointer: message" a line.
std::string data_of(const Unwrapped& unwrapped) {
  std::string problems;
  for (const auto& problem : unwrapped.problems) {
    EXPECT_TRUE(problem.rule == "cloudevents" || problem.rule == "json" || problem.rule == "utf8");
    problems += problem.pointer + ": " + problem.message + "\n";
  }
  if (!problems.empty()) return problems;
  return unwrapped.data ? unwrapped.data->body : "no data";
}

TEST(Structured, AttributesBecomeHeadersAndTheDataTheBody) {
  Message message = structured(
      R"({"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"a \"b\" é",
          "time":"2026-01-01T00:00:00Z","dataschema":"https://x/y","partitionkey":"k",
          "data":{"a":1.0}})");
  message.headers.add("x-kept", "1");
  message.metadata = R"({"m":1})";
  const auto unwrapped = unwrap(message);
  ASSERT_TRUE(unwrapped.data);
  EXPECT_TRUE(unwrapped.is_cloudevent);
  EXPECT_EQ(unwrapped.data->headers, (Headers{{"x-kept", "1"},
                                              {"ce-specversion", "1.0"},
                                              {"ce-id", "1"},
                                              {"ce-source", "/s"},
                                              {"ce-type", "t"},
                                              {"ce-subject", "a \"b\" é"},
                                              {"ce-time", "2026-01-01T00:00:00Z"},
                                              {"ce-dataschema", "https://x/y"},
                                              {"ce-partitionkey", "k"},
                                              {"content-type", "application/json"}}));
  EXPECT_EQ(unwrapped.data->body, R"({"a":1.0})");
  EXPECT_EQ(unwrapped.data->metadata, R"({"m":1})");
}

TEST(Structured, TheDataIsCutOutByteForByte) {
  for (const std::string data :
       {R"({ "n" : 12345678901234567890123, "x":1e400, "y": 1.10 , "s":"\u00e9\/" })", "{}",
        "[1, 2 ]", "17", "true", "-0.0", R"({"a":{"b":[{"c":"]}"}]}})"}) {
    EXPECT_EQ(data_of(with("\"data\": " + data + "  ")), data);
    EXPECT_EQ(data_of(with("\"data\":\n" + data + " ,\"ext\":1")), data);
  }
}

// Trap 34.
TEST(Structured, AStringOfJsonStaysAString) {
  EXPECT_EQ(data_of(with(R"("data":"{\"context\":{}}")")), R"("{\"context\":{}}")");
  EXPECT_EQ(data_of(with(R"("datacontenttype":"application/json","data":"x")")), R"("x")");
}

// Trap 34.
TEST(Structured, DataThatIsItselfACloudEventIsNotOpened) {
  const std::string inner = std::string("{") + kRequired + R"(,"data":{"a":1}})";
  EXPECT_EQ(data_of(with("\"data\":" + inner)), inner);
}

TEST(Structured, OfATypeThatIsNotJsonTheDataIsTheStringsContent) {
  EXPECT_EQ(data_of(with(R"("data":"{\"a\":\"\u00e9\"}","datacontenttype":"text/plain")")),
            "{\"a\":\"é\"}");
  EXPECT_THAT(data_of(with(R"("datacontenttype":"text/plain","data":{})")),
              HasSubstr("/data: must be a string"));
  for (const auto* type : {"application/json; charset=utf-8", "text/json", "application/x+JSON"}) {
    const auto unwrapped = with(std::string(R"("data":{},"datacontenttype":")") + type + "\"");
    EXPECT_EQ(data_of(unwrapped), "{}");
    EXPECT_EQ(unwrapped.data->headers.find("content-type"), type);
  }
}

TEST(Structured, Base64IsDecodedAndNothingAssumedOfIt) {
  const auto unwrapped = with(R"("data_base64":"eyJhIjoxfQ==")");
  EXPECT_EQ(data_of(unwrapped), R"({"a":1})");
  EXPECT_EQ(unwrapped.data->headers.find("content-type"), std::nullopt);
  EXPECT_EQ(data_of(with(R"("datacontenttype":"application/json","data_base64":"e30=")")), "{}");
  EXPECT_THAT(data_of(with(R"("data_base64":"***")")), HasSubstr("/data_base64: must be"));
  EXPECT_THAT(data_of(with(R"("data_base64":{})")), HasSubstr("/data_base64: must be"));
}

TEST(Structured, DataAndBase64ExcludeEachOther) {
  EXPECT_THAT(data_of(with(R"("data":{},"data_base64":"e30=")")),
              HasSubstr("/data_base64: must not"));
  EXPECT_EQ(data_of(with(R"("data":{},"data_base64":null)")), "{}");
  EXPECT_EQ(data_of(with(R"("data":null,"data_base64":"e30=")")), "{}");
  EXPECT_THAT(data_of(with(R"("x":"y")")), HasSubstr("/data: is missing"));
  EXPECT_THAT(data_of(with(R"("data":null)")), HasSubstr("/data: is missing"));
}

TEST(Structured, NullIsTheSameAsAbsent) {
  const auto unwrapped = with(R"("subject":null,"ext":null,"datacontenttype":null,"data":{})");
  ASSERT_TRUE(unwrapped.data);
  EXPECT_EQ(attribute(unwrapped.data->headers, "subject"), std::nullopt);
  EXPECT_EQ(attribute(unwrapped.data->headers, "ext"), std::nullopt);
  EXPECT_THAT(data_of(unwrap(structured(
                  R"({"specversion":"1.0","id":null,"source":"/s","type":"t","data":{}})"))),
              HasSubstr("/id: is missing"));
}

TEST(Structured, ExtensionsAreStringsBooleansOrIntegers) {
  const auto unwrapped =
      with(R"("a":"x","b":true,"c":-2147483648,"d":false,"TraceId":"t","data":{})");
  ASSERT_TRUE(unwrapped.data) << data_of(unwrapped);
  const Headers& headers = unwrapped.data->headers;
  EXPECT_EQ(attribute(headers, "a"), "x");
  EXPECT_EQ(attribute(headers, "b"), "true");
  EXPECT_EQ(attribute(headers, "c"), "-2147483648");
  EXPECT_EQ(attribute(headers, "d"), "false");
  EXPECT_EQ(attribute(headers, "traceid"), "t");
  for (const std::string bad : {"2147483648", "1.5", "1e3", "{}", "[]"}) {
    EXPECT_THAT(data_of(with("\"data\":{},\"ext\":" + bad)), HasSubstr("/ext: must be")) << bad;
  }
  for (const std::string bad : {"a-b", "a_b", "", "é", "ID", "Data", "a/b~"}) {
    EXPECT_THAT(data_of(with("\"data\":{},\"" + bad + "\":\"x\"")), HasSubstr("is no name of"))
        << bad;
  }
  EXPECT_THAT(data_of(with(R"("data":{},"a/b~":"x")")), HasSubstr("/a~1b~0: "));
}

TEST(Structured, EveryProblemIsToldAtOnce) {
  const auto unwrapped = unwrap(
      structured(R"({"specversion":"0.3","id":5,"source":"","time":"\n","ext":[],"time":"x"})"));
  EXPECT_FALSE(unwrapped.data);
  std::vector<std::string> pointers;
  for (const auto& problem : unwrapped.problems) pointers.push_back(problem.pointer);
  EXPECT_THAT(pointers, ElementsAre("/time", "/specversion", "/id", "/source", "/time", "/ext",
                                    "/type", "/data"));
}

TEST(Structured, ANameThatComesTwiceIsRefused) {
  EXPECT_THAT(data_of(with(R"("id":"2","data":{})")), HasSubstr("/id: is there more than once"));
  EXPECT_THAT(data_of(with(R"("data":{},"data":{})")), HasSubstr("/data: is there more than once"));
}

TEST(Structured, WhatIsNoJsonObjectIsRefused) {
  for (const std::string body : {"", "{", "x", "{\"a\":1,}", "{} {}", "{\"a\" 1}", "{\"a\":tru}"}) {
    const auto unwrapped = unwrap(structured(body));
    EXPECT_TRUE(unwrapped.is_cloudevent);
    ASSERT_FALSE(unwrapped.problems.empty()) << body;
    EXPECT_EQ(unwrapped.problems[0].rule, "json") << body;
  }
  EXPECT_EQ(unwrap(structured("{\"a\":\"\xFF\"}")).problems.at(0).rule, "utf8");
  for (const std::string body : {"[]", "17", "\"x\"", "null"}) {
    EXPECT_THAT(data_of(unwrap(structured(body))), HasSubstr("a CloudEvent is a JSON object"))
        << body;
  }
}

TEST(Structured, MoreMembersThanAnybodyNeedsAreRefused) {
  std::string members = "\"data\":{}";
  for (int i = 0; i < 300; ++i) members += ",\"e" + std::to_string(i) + "\":1";
  EXPECT_THAT(data_of(with(members)), HasSubstr("members"));
}

TEST(Structured, OtherFormatsAreNotTried) {
  Message message = structured(std::string("{") + kRequired + ",\"data\":{}}");
  message.headers.set("content-type", "application/cloudevents+avro");
  EXPECT_THAT(data_of(unwrap(message)), HasSubstr("send application/cloudevents+json"));
  message.headers.set("content-type", "application/cloudevents");
  EXPECT_EQ(data_of(unwrap(message)), "{}");
}

TEST(Batch, OneThatNobodyHasSplitIsRefused) {
  Message message = structured("{}");
  message.headers.set("content-type", "application/cloudevents-batch+json");
  EXPECT_THAT(data_of(unwrap(message)), HasSubstr("must be a JSON array"));
}

TEST(Binary, TheMessageItselfIsTheData) {
  const Message message{
      .body = "{}",
      .headers = {{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "s"}, {"ce-type", "t"}}};
  const auto unwrapped = unwrap(message);
  EXPECT_TRUE(unwrapped.is_cloudevent);
  EXPECT_FALSE(unwrapped.data);
  EXPECT_THAT(unwrapped.problems, IsEmpty());
}

// What a replayed dead letter still has, as nobody decodes its headers again.
TEST(Binary, HeadersThatAreNoAttributesAreRefused) {
  const auto refusal = [](const char* name, const char* value) {
    Message message{
        .body = "{}",
        .headers = {
            {"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "s"}, {"ce-type", "t"}}};
    message.headers.set(name, value);
    return data_of(unwrap(message));
  };
  EXPECT_EQ(refusal("ce-specversion", "0.3"), ": the header ce-specversion must be 1.0, is 0.3\n");
  EXPECT_EQ(refusal("ce-id", ""), ": the header ce-id is empty\n");
  EXPECT_EQ(refusal("ce-ext", "\xFF"), ": the header ce-ext is not UTF-8\n");
  EXPECT_EQ(refusal("ce-ext", "a\nb"), ": the header ce-ext holds a control character\n");
}

TEST(Unmarked, ARecordWithoutHeadersIsKnownByItsMembers) {
  const auto unwrapped =
      unwrap_unmarked({.body = std::string("{") + kRequired + ",\"data\":{\"a\":1}}"});
  EXPECT_TRUE(unwrapped.is_cloudevent);
  EXPECT_EQ(data_of(unwrapped), R"({"a":1})");
  EXPECT_TRUE(unwrap_unmarked({.body = R"({"specversion":"1.0","type":"t"})"}).is_cloudevent)
      << "and is refused as such";
}

TEST(Unmarked, NothingElseIsTakenForOne) {
  for (const auto* body : {"", "x", "[]", "{}", R"({"specversion":"1.0"})", R"({"type":"t"})",
                           R"({"specversion":"1.0","type":"t","context":{}})",
                           R"({"context":{"specversion":"0.5.1","type":"dev"},"subject":{}})",
                           R"({"data":{"specversion":"1.0","type":"t"}})"}) {
    EXPECT_FALSE(unwrap_unmarked({.body = body}).is_cloudevent) << body;
  }
}

TEST(Plain, WhatSaysNothingOfCloudEventsIsLeftAlone) {
  const auto unwrapped = unwrap({.body = "{}", .headers = {{"content-type", "application/json"}}});
  EXPECT_FALSE(unwrapped.is_cloudevent);
  EXPECT_FALSE(unwrapped.data);
}

}  // namespace
}  // namespace cdviz::cloudevents
