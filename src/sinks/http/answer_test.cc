#include "sinks/http/answer.h"

#include <gtest/gtest.h>

namespace cdviz::sinks::http {
namespace {

using namespace std::chrono_literals;
using net::HttpOutcome;
using net::NoAnswer;

const std::string kPlace = "https://example.com:443";

Result<void> meaning(int status) { return meaning_of({.status = status}, kPlace); }

TEST(Answer, EverySuccessIsStored) {
  for (const int status : {200, 201, 202, 204, 207, 299}) EXPECT_TRUE(meaning(status)) << status;
}

TEST(Answer, WhatMayWorkLaterIsTriedAgain) {
  for (const int status : {408, 421, 425, 429, 500, 501, 502, 503, 504, 507, 599, 100, 0}) {
    const auto answer = meaning(status);
    ASSERT_FALSE(answer) << status;
    EXPECT_EQ(answer.error().fault, Fault::retry) << status;
    EXPECT_EQ(answer.error().code, "http_" + std::to_string(status));
  }
}

TEST(Answer, WhatIsWrongForEveryEventStopsTheSinkAndNeverDrops) {
  for (const int status : {401, 403, 404, 405, 407, 410, 415}) {
    const auto answer = meaning(status);
    ASSERT_FALSE(answer) << status;
    EXPECT_EQ(answer.error().fault, Fault::stop) << status;
    EXPECT_NE(answer.error().message.find(kPlace + " answered " + std::to_string(status) + ": "),
              std::string::npos)
        << answer.error().message;
  }
}

TEST(Answer, AnyOther4xxRejectsTheEvent) {
  for (const int status :
       {400, 402, 406, 409, 411, 412, 413, 414, 416, 417, 422, 423, 431, 451, 499}) {
    const auto answer = meaning(status);
    ASSERT_FALSE(answer) << status;
    EXPECT_EQ(answer.error().fault, Fault::reject) << status;
  }
}

TEST(Answer, RetryAfterIsGivenOn) {
  const auto answer = meaning_of({.status = 429, .retry_after = 7s}, kPlace);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().retry_after, 7s);
}

TEST(Answer, WithoutAnAnswerItDependsOnWhy) {
  const auto fault = [](NoAnswer why) {
    return meaning_of({.no_answer = why, .message = "…"}, kPlace).error();
  };
  EXPECT_EQ(fault(NoAnswer::timeout).fault, Fault::retry);
  EXPECT_EQ(fault(NoAnswer::timeout).code, "timeout");
  EXPECT_EQ(fault(NoAnswer::network).fault, Fault::retry);
  EXPECT_EQ(fault(NoAnswer::network).code, "network");
  EXPECT_EQ(fault(NoAnswer::tls).fault, Fault::stop);
  EXPECT_EQ(fault(NoAnswer::redirect).fault, Fault::stop);
  EXPECT_EQ(fault(NoAnswer::wrong).fault, Fault::stop);
}

HttpOutcome problem(std::string body, std::string type = "application/problem+json") {
  return {.status = 422, .content_type = std::move(type), .body = std::move(body)};
}

TEST(Answer, AProblemForPeopleIsTold) {
  EXPECT_EQ(detail_of(problem(R"({"title":"No event","detail":"subject.id\nis missing"})")),
            "No event: subject.id is missing");
  EXPECT_EQ(detail_of(problem(R"({"detail":"x"})", "Application/Problem+JSON; charset=utf-8")),
            "x");
  EXPECT_NE(meaning_of(problem(R"({"title":"No event"})"), kPlace).error().message.find("No event"),
            std::string::npos);
}

TEST(Answer, WhateverElseComesIsNotTold) {
  EXPECT_EQ(detail_of(problem(R"({"title":"x"})", "application/json")), "");
  EXPECT_EQ(detail_of(problem("<html>")), "");
  EXPECT_EQ(detail_of(problem("")), "");
  EXPECT_EQ(detail_of(problem("[]")), "");
  EXPECT_EQ(detail_of(problem(R"({"title":7,"detail":null})")), "");
  EXPECT_EQ(detail_of(problem("{\"title\":\"\xff\"}")), "");
  EXPECT_EQ(detail_of(problem(R"({"title":"cut off)")), "");
}

TEST(Answer, ALongProblemIsCutBetweenCharacters) {
  std::string title = "x";
  for (int i = 0; i < 400; ++i) title += "é";
  const std::string text = detail_of(problem("{\"title\":\"" + title + "\"}"));
  EXPECT_LE(text.size(), 304U);
  EXPECT_EQ(text.substr(text.size() - 5), "é…");
}

}  // namespace
}  // namespace cdviz::sinks::http
