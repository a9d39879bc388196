#include "web/api/question.h"

#include <gtest/gtest.h>

#include "queries/library.h"
#include "web/api/answer.h"
#include "web/api/cursor.h"
#include "web/api/moment.h"

namespace cdviz::web::api {
namespace {

using namespace std::chrono_literals;

const WallTime kNow{std::chrono::sys_days(std::chrono::year(2026) / 1 / 31).time_since_epoch() +
                    12h + 34min + 56s + 789ms};

Result<Question> ask(std::string_view path, std::string_view query, WallTime now = kNow,
                     Form form = Form::json) {
  const auto parameters = parameters_of(query);
  if (!parameters) return parameters.error();
  const auto found = match(path);
  if (!found) return Error{Fault::stop, "no such path"};
  return question_of(*found->endpoint, found->value, *parameters, form, now);
}

std::string wrong(std::string_view path, std::string_view query) {
  const auto question = ask(path, query);
  if (question) return "right";
  EXPECT_EQ(question.error().fault, Fault::reject) << question.error().message;
  return question.error().code;
}

std::string key(std::string_view path, std::string_view query, WallTime now = kNow) {
  const auto question = ask(path, query, now);
  EXPECT_TRUE(question) << question.error().message;
  return question ? question->key : "";
}

TEST(Parameters, AreDecodedAsBrowsersWriteThem) {
  const auto parameters = parameters_of("a=1&b=x%20y+z&a=2&&c&d=%3D%26");
  ASSERT_TRUE(parameters);
  EXPECT_EQ(*parameters,
            (Parameters{{"a", "1"}, {"b", "x y z"}, {"a", "2"}, {"c", ""}, {"d", "=&"}}));
  EXPECT_FALSE(parameters_of("a=%2"));
  EXPECT_FALSE(parameters_of("a=%zz"));
  EXPECT_FALSE(parameters_of("a=" + std::string(kValueBytesMax + 1, 'x')));
  std::string many;
  for (std::size_t i = 0; i <= kParametersMax; ++i) many += "a=1&";
  EXPECT_FALSE(parameters_of(many));
}

TEST(Match, WhatIsWrittenOutGoesBeforeWhatIsInBraces) {
  EXPECT_EQ(match("/events/histogram")->endpoint->query, "event-histogram");
  EXPECT_EQ(match("/events/0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77")->endpoint->query, "event");
  EXPECT_EQ(match("/runs/open")->endpoint->query, "open-runs");
  EXPECT_EQ(match("/tests/cases/auth%2Funit%2Flogin")->value, "auth/unit/login");
  for (const auto* path : {"", "/", "/state/", "//state", "/State", "/tests/cases/", "/events/a/b",
                           "/tests/cases/%2", "/nothing"})
    EXPECT_FALSE(match(path)) << path;
}

TEST(Question, GivesTheQueryWhatWasAsked) {
  const auto question = ask("/state", "env=prod-eu&env=it's&service=a&at=2026-01-31T12:00:00Z");
  ASSERT_TRUE(question) << question.error().message;
  EXPECT_EQ(question->given.at("environment"), (std::vector<std::string>{"prod-eu", "it's"}));
  EXPECT_EQ(question->at, "2026-01-31T12:00:00.000Z");
  EXPECT_EQ(question->rows_max, 2000U);
  const auto statement = statement_of(*question, kNow);
  ASSERT_TRUE(statement);
  EXPECT_EQ(statement->sql.find("it's"), std::string::npos);
  EXPECT_TRUE(statement->sql.ends_with("limit 2001")) << statement->sql;
}

TEST(Question, KnowsItsTimeAlsoByDefault) {
  const auto question = ask("/deployments", "");
  ASSERT_TRUE(question);
  EXPECT_EQ(question->from, "2026-01-24T12:30:00.000Z");  // rounded: neighbours ask the same
  EXPECT_EQ(question->to, "2026-01-31T12:34:56.789Z");    // now is now
  EXPECT_EQ(question->rows_max, 100U);
  EXPECT_EQ(question->given.at("limit").front(), "101");
}

TEST(Question, HasLimits) {
  EXPECT_EQ(wrong("/events", "limit=500"), "right");
  for (const auto* query : {"limit=501", "limit=0", "limit=-1", "limit=many", "limit=1e2"})
    EXPECT_EQ(wrong("/events", query), "limit") << query;
  const auto csv = ask("/events", "", kNow, Form::csv);
  ASSERT_TRUE(csv);
  EXPECT_EQ(csv->rows_max, kCsvRowsMax);
}

TEST(Question, TellsWhichParameterIsWrong) {
  EXPECT_EQ(wrong("/state", "environment_id=x"), "environment_id");
  EXPECT_EQ(wrong("/state", "at=yesterday"), "at");
  EXPECT_EQ(wrong("/state", "at=2026-02-30"), "at");
  EXPECT_EQ(wrong("/state", "at=now&at=now"), "at");
  EXPECT_EQ(wrong("/state", "differs=yes"), "differs");
  EXPECT_EQ(wrong("/deployments", "from=now&to=now-1d"), "from");
  EXPECT_EQ(wrong("/events", "cursor=x"), "cursor");
  EXPECT_EQ(wrong("/events", "before=now"), "before");  // only by the cursor
  EXPECT_EQ(wrong("/runs/not-a-uuid", ""), "key");
  EXPECT_EQ(wrong("/state", "env=%FF"), "env");
  EXPECT_EQ(wrong("/state", "env=%00"), "env");
  EXPECT_NE(wrong("/compare", "a=staging"), "right");
  EXPECT_EQ(wrong("/state", "env=&access_token=secret"), "right");
}

TEST(Question, IsTheSameForNeighboursAndOtherLater) {
  const auto other = kNow + 1s;
  EXPECT_EQ(key("/state", "", kNow), key("/state", "", other));
  EXPECT_EQ(key("/deployments", "from=now-30d"), key("/deployments", "from=now-30d", other));
  EXPECT_EQ(key("/state", "at=now-1d"), key("/state", "at=now-1d", other));
  EXPECT_NE(key("/state", ""), key("/state", "", kNow + 30s));
  EXPECT_NE(key("/deployments", ""), key("/deployments", "", kNow + 5min));
  EXPECT_NE(key("/state", "env=a"), key("/state", "env=b"));
  EXPECT_NE(key("/state", "env=a&service=b"), key("/state", "env=b&service=a"));
  EXPECT_NE(key("/state", "env=ab"), key("/state", "env=a&env=b"));
  EXPECT_NE(key("/tests/cases/a", ""), key("/tests/cases/b", ""));
  EXPECT_EQ(key("/state", "env=a&access_token=x"), key("/state", "env=a"));
}

TEST(Cursor, ComesBackAndIsNothingElse) {
  const Cursor cursor{"2026-01-31T12:00:00.123456Z", "0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77"};
  EXPECT_EQ(cursor_of(text_of(cursor)), cursor);
  for (const auto* text :
       {"", "1", "1__", "1_now_0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77", "2_2026-01-31T12:00:00Z_0",
        "1_2026-01-31T12:00:00Z_' or true --", "1_2026-01-31_0f7c2b1e-5b0e-4f43-9d2a-2f3f1c9f1a77"})
    EXPECT_FALSE(cursor_of(text)) << text;
  const auto question = ask("/events", "cursor=" + text_of(cursor));
  ASSERT_TRUE(question) << question.error().message;
  EXPECT_EQ(question->given.at("before").front(), cursor.time);
  EXPECT_EQ(ask("/events/after", "cursor=" + text_of(cursor))->given.at("after_uid").front(),
            cursor.uid);
}

TEST(Etag, ComparesWeaklyAndTellsApart) {
  const auto etag = etag_of("v1", "key");
  EXPECT_TRUE(etag.starts_with("W/\"") && etag.ends_with('"'));
  EXPECT_TRUE(has_tag(etag, etag));
  EXPECT_TRUE(has_tag("\"other\", " + etag.substr(2), etag));
  EXPECT_TRUE(has_tag("*", etag));
  EXPECT_FALSE(has_tag("", etag));
  EXPECT_FALSE(has_tag("W/\"0\"", etag));
  EXPECT_NE(etag, etag_of("v2", "key"));
  EXPECT_NE(etag, etag_of("v1", "yek"));
  EXPECT_NE(etag_of("ab", "c"), etag_of("a", "bc"));
}

TEST(FileName, TellsTheTimeAndIsOneEverywhere) {
  const auto question = ask("/events", "from=2026-01-01&to=2026-01-31T12:00:00Z", kNow, Form::csv);
  ASSERT_TRUE(question);
  EXPECT_EQ(file_name(*question), "events_2026-01-01T00-00-00_2026-01-31T12-00-00.csv");
}

}  // namespace
}  // namespace cdviz::web::api
