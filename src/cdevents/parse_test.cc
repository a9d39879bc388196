#include "cdevents/parse.h"

#include <gtest/gtest.h>

#include "cdevents/json_text.h"
#include "core/limits.h"

namespace cdviz::cdevents {
namespace {

/// A valid event, with `custom` as its customData.
std::string event_with(const std::string& custom) {
  return R"({"context":{"version":"0.4.1","id":"271069a8-fc18","source":"/event/source/123",)"
         R"("type":"dev.cdevents.service.deployed.0.2.0","timestamp":"2026-11-20T12:00:00Z"},)"
         R"("subject":{"id":"mySubject123","type":"service","content":{}},"customData":)" +
         custom + "}";
}

/// A valid event in which the first `from` is replaced by `to`.
std::string event_where(const std::string& from, const std::string& to) {
  std::string text = event_with("{}");
  return text.replace(text.find(from), from.size(), to);
}

EventData usable(std::string text) {
  auto parsed = parse(std::move(text));
  if (auto* unusable = std::get_if<Unusable>(&parsed)) {
    ADD_FAILURE() << unusable->problems.front().message;
    return {};
  }
  return std::get<EventData>(std::move(parsed));
}

/// The first problem as "pointer rule", "" if the document is usable.
std::string first_problem(std::string text) {
  const auto parsed = parse(std::move(text));
  const auto* unusable = std::get_if<Unusable>(&parsed);
  if (unusable == nullptr) return "";
  return unusable->problems.front().pointer + " " + unusable->problems.front().rule;
}

TEST(Parse, TheFieldsAreReadAndTheBytesAreKept) {
  const std::string text =
      " " + event_with(R"({"pi": 3.140, "big": 12345678901234567890123})") + "\n";
  const EventData event = usable(text);
  EXPECT_EQ(event.source, "/event/source/123");
  EXPECT_EQ(event.id, "271069a8-fc18");
  EXPECT_EQ(event.type, "dev.cdevents.service.deployed.0.2.0");
  EXPECT_EQ(event.timestamp, "2026-11-20T12:00:00Z");
  EXPECT_EQ(event.subject_id, "mySubject123");
  EXPECT_EQ(event.json, text);
}

TEST(Parse, ADocumentThatIsUnusableIsLeftAsItWas) {
  std::string text = R"({"context":{"id":"a","source":"b"}})";
  const auto parsed = parse(std::move(text));
  EXPECT_EQ(
      text,
      R"({"context":{"id":"a","source":"b"}})");  // NOLINT(bugprone-use-after-move): the contract
  EXPECT_EQ(std::get<Unusable>(parsed).id, "a");
  EXPECT_EQ(std::get<Unusable>(parsed).source, "b");
}

TEST(Parse, NumbersBeyondADoubleAreKept) {
  for (const char* number : {"1e400", "-1e400", "1e-400", "99999999999999999999999", "1.10", "-0.0",
                             "1e400000", "0.1e+5"}) {
    EXPECT_EQ(first_problem(event_with(number)), "") << number;
  }
}

TEST(Parse, WhatIsNoNumberIsRefusedBesideOneThatIsTooLarge) {
  for (const char* number : {"01", "1.", ".5", "+1", "1e", "-", "0x10", "1 2", "NaN"}) {
    EXPECT_EQ(first_problem(event_with(std::string("[1e400,") + number + "]")), " json") << number;
    EXPECT_EQ(first_problem(event_with(number)), " json") << number;
  }
}

TEST(Parse, ANulOrALoneSurrogateIsRefused) {
  EXPECT_EQ(first_problem(event_with(R"("a\u0000")")), " nul");
  EXPECT_EQ(first_problem(event_with(R"("\ud83d")")), " surrogate");
  EXPECT_EQ(first_problem(event_with(R"("\ud83dx")")), " surrogate");
  EXPECT_EQ(first_problem(event_with(R"("\ud83d\ud83d")")), " surrogate");
  EXPECT_EQ(first_problem(event_with(R"("\ude00")")), " surrogate");
  EXPECT_EQ(first_problem(event_with(R"({"\u0000":1})")), " nul");
}

TEST(Parse, EscapesThatNameACharacterAreFine) {
  EXPECT_EQ(first_problem(event_with(R"("\ud83d\ude00 \u00e9 \\u0000 \\\\ud83d \" ")")), "");
}

TEST(Parse, InvalidUtf8IsRefused) {
  EXPECT_EQ(first_problem(event_with("\"\xff\"")), " utf8");
  EXPECT_EQ(first_problem(event_with("\"\xc0\x80\"")), " utf8");
  EXPECT_EQ(first_problem(event_with("\"\xed\xa0\x80\"")), " utf8");
}

TEST(Parse, DepthHasALimitAndTheLimitItselfPasses) {
  const auto nested = [](std::size_t depth) {
    return event_with(std::string(depth, '[') + std::string(depth, ']'));
  };
  EXPECT_EQ(first_problem(nested(limits::kJsonDepth - 2)), "");
  EXPECT_EQ(first_problem(nested(limits::kJsonDepth + 1)), " depth");
  EXPECT_EQ(first_problem(nested(100'000)), " depth");
  EXPECT_EQ(first_problem(nested(1'000'000)), " depth");  // also when the parser had to grow
}

TEST(Parse, AMillionValuesAreTooMany) {
  std::string list = "[0";
  for (std::size_t i = 0; i < limits::kJsonValues; ++i) list += ",0";
  EXPECT_EQ(first_problem(event_with(list + "]")), " too_many_values");
}

TEST(Parse, WhatIsNotJsonIsRefused) {
  for (const char* text : {"", " ", "{", "nul", "{}x", "{} {}", "'a'", "\xef\xbb\xbf{}"}) {
    EXPECT_EQ(first_problem(text), " json") << text;
  }
}

TEST(Parse, WhatIsNoObjectIsRefused) {
  for (const char* text : {"[]", "1", "null", "\"a\"", "true", "1e400"}) {
    EXPECT_EQ(first_problem(text), " type") << text;
  }
}

TEST(Parse, EachRequiredFieldIsNamed) {
  EXPECT_EQ(first_problem("{}"), "/context required");
  EXPECT_EQ(first_problem(event_where("\"subject\"", "\"object\"")), "/subject required");
  EXPECT_EQ(first_problem(event_where("\"271069a8-fc18\"", "null")), "/context/id type");
  EXPECT_EQ(first_problem(event_where("\"271069a8-fc18\"", "7")), "/context/id type");
  EXPECT_EQ(first_problem(event_where("271069a8-fc18", "")), "/context/id min_length");
  EXPECT_EQ(first_problem(event_where("271069a8-fc18", std::string(10'000, 'x'))),
            "/context/id max_length");
  EXPECT_EQ(first_problem(event_where("\"source\"", "\"sauce\"")), "/context/source required");
  EXPECT_EQ(first_problem(event_where("2026-11-20T", "2026-11-20 ")), "/context/timestamp format");
  EXPECT_EQ(first_problem(event_where("mySubject123", "")), "/subject/id min_length");
  EXPECT_EQ(first_problem(event_where("\"id\":", "\"id\":\"x\",\"id\":")), "/context/id duplicate");
}

TEST(Parse, EveryProblemIsNamedAtOnce) {
  auto parsed = parse(R"({"context":{"type":"x","timestamp":"y"},"subject":{}})");
  EXPECT_EQ(std::get<Unusable>(parsed).problems.size(), 5U);
}

TEST(Parse, ATypeHasAtLeastFiveParts) {
  const auto type = [](const std::string& t) {
    return first_problem(event_where("dev.cdevents.service.deployed.0.2.0", t));
  };
  for (const char* good : {"dev.cdevents.service.deployed.0.1-draft", "dev.cdevents.a.b.9.9.9+x",
                           "dev.cdeventsx.mytool-res.created.0.1.0", "com.example.a.b.0.1.0"}) {
    EXPECT_EQ(type(good), "") << good;
  }
  for (const char* bad : {"dev.cdevents.service.deployed", "dev.cdevents.service.deployed.",
                          "dev.cdevents..deployed.0.1.0", ".cdevents..a.b.0.1.0", "service",
                          "com.example.a.b", "dev.cdevents.service.deployed.0 1"}) {
    EXPECT_EQ(type(bad), "/context/type type_name") << bad;
  }
}

TEST(JsonText, NumbersAreReplacedOutsideStringsOnly) {
  EXPECT_EQ(without_numbers(R"({"a1":"2\"3","b":[-12.5e+3,0,"x"]})"),
            R"({"a1":"2\"3","b":[0       ,0,"x"]})");
  EXPECT_EQ(without_numbers("01"), "01");
  EXPECT_EQ(without_numbers("\"unfinished 12"), "\"unfinished 12");
}

TEST(JsonText, ValuesAreCountedOutsideStrings) {
  EXPECT_EQ(count_values(R"({"a,b":":,"})"), 2U);
  EXPECT_EQ(count_values("[1,2,3]"), 3U);
}

}  // namespace
}  // namespace cdviz::cdevents
