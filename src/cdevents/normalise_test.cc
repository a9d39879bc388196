#include "cdevents/normalise.h"

#include <gtest/gtest.h>

#include "cdevents/content_id.h"
#include "cdevents/parse.h"

namespace cdviz::cdevents {
namespace {

using Steps = std::vector<std::string_view>;

constexpr WallTime kNow{std::chrono::milliseconds(1'795'352'405'007)};
constexpr std::string_view kSource = "http://cdviz.example.com/?source=jenkins";

/// Normalises `json`; with nothing to do it is returned as it came, without steps.
Normalised run(std::string_view json, const Normalisation& rules = {},
               const Attributes& attributes = {}) {
  auto done = normalise(json, rules, {.source = kSource, .now = kNow, .attributes = attributes});
  return done ? std::move(*done) : Normalised{std::string(json), {}};
}

std::string event(std::string_view context, std::string_view rest = "") {
  return R"({"context":{)" + std::string(context) +
         R"(,"version":"0.4.1","type":"dev.cdevents.service.deployed.0.2.0"},)"
         R"("subject":{"id":"s","type":"service","content":{}})" +
         std::string(rest) + "}";
}

constexpr std::string_view kWhole =
    R"("id":"a-1","source":"/s","timestamp":"2026-11-20T12:00:00Z")";

TEST(Normalise, WhatIsWholeIsLeftAlone) {
  EXPECT_EQ(run(event(kWhole)).steps, Steps{});
  EXPECT_FALSE(normalise(event(kWhole), {}, {.source = kSource, .now = kNow, .attributes = {}}));
}

TEST(Normalise, WhatIsNoEventIsLeftAlone) {
  for (const char* text : {"", "{", "[]", "1", "null", "{}", R"({"context":null})",
                           R"({"context":[]})", R"({"context":"x","subject":{"id":null}})"}) {
    EXPECT_EQ(run(text).steps, Steps{}) << text;
  }
}

TEST(Normalise, Trap27AMissingOrEmptySourceIsThatOfTheCollector) {
  for (const char* source : {"", R"("source":"",)", R"("source":null,)"}) {
    const auto done =
        run(event(std::string(source) + R"("id":"a","timestamp":"2026-11-20T12:00:00Z")"));
    EXPECT_EQ(done.steps, Steps{"source"});
    EXPECT_NE(done.json.find(R"("source":"http://cdviz.example.com/?source=jenkins")"),
              std::string::npos)
        << done.json;
  }
}

TEST(Normalise, TheAttributesOfTheCloudEventComeBeforeTheDefaults) {
  const auto done = run(R"({"context":{"type":"t"},"subject":{"content":{}}})", {},
                        {.id = "ce-id",
                         .source = "ce-source",
                         .type = "ce-type",
                         .subject = "ce-\"subject\"",
                         .time = "2026-01-01T00:00:00+01:00"});
  EXPECT_EQ(done.steps, (Steps{"source", "time", "id", "subject"}));
  EXPECT_EQ(
      done.json,
      R"({"context":{"type":"t","source":"ce-source","timestamp":"2026-01-01T00:00:00+01:00",)"
      R"("id":"ce-id"},"subject":{"content":{},"id":"ce-\"subject\""}})");
}

TEST(Normalise, TheContextComesBeforeTheAttributes) {
  EXPECT_EQ(
      run(event(kWhole), {},
          {.id = "x", .source = "x", .type = "x", .subject = "x", .time = "2026-01-01T00:00:00Z"})
          .steps,
      Steps{});
}

TEST(Normalise, AMissingTimeIsNow) {
  const auto done =
      run(event(R"("id":"a","source":"s","timestamp":"")"), {}, {.time = "yesterday"});
  EXPECT_EQ(done.steps, Steps{"time"});
  EXPECT_NE(done.json.find(R"("timestamp":"2026-11-22T13:00:05.007Z")"), std::string::npos);
}

TEST(Normalise, Trap2AMissingEmptyOrZeroIdIsMadeOfTheContent) {
  std::string first;
  for (const char* id : {R"("id":"",)", R"("id":null,)", R"("id":"0",)", ""}) {
    const std::string json =
        event(std::string(id) + R"("source":"s","timestamp":"2026-11-20T12:00:00Z")");
    const auto done = run(json);
    EXPECT_EQ(done.steps, Steps{"id"}) << json;
    const std::string expected = content_id(json);
    EXPECT_NE(done.json.find("\"id\":\"" + expected + "\""), std::string::npos) << done.json;
    if (first.empty()) first = expected;
    EXPECT_EQ(expected, first);
  }
}

TEST(Normalise, Trap2AFilledSourceIsPartOfTheContentButNowIsNot) {
  const std::string json = R"({"context":{"type":"t"},"subject":{"id":"s"}})";
  const auto id_of = [&](WallTime now, std::string_view source) {
    const auto done = normalise(json, {}, {.source = source, .now = now, .attributes = {}});
    const auto at = done->json.find("bafkrei");
    return done->json.substr(at, 59);
  };
  EXPECT_EQ(id_of(kNow, "a"), id_of(kNow + std::chrono::hours(1), "a"));
  EXPECT_NE(id_of(kNow, "a"), id_of(kNow, "b"));
  EXPECT_EQ(id_of(kNow, "a"),
            content_id(R"({"context":{"type":"t","source":"a"},"subject":{"id":"s"}})"));
}

TEST(Normalise, Trap3IdsAreNeverRewritten) {
  for (const char* id :
       {"271069a8-fc18-44f1-b38f-9d70a1695819", "a b/c?d", "00", "é", "\\u0030x"}) {
    const std::string json =
        event(R"("id":")" + std::string(id) + R"(","source":"","timestamp":"2026-11-20 12:00:00")");
    const auto done = run(json, {.upgrade = true});
    EXPECT_NE(done.json.find(R"("id":")" + std::string(id) + "\""), std::string::npos) << done.json;
  }
}

TEST(Normalise, Trap1AnIdIsKeptThoughTheContentDiffers) {
  const auto one = run(event(R"("id":"same","source":"s","timestamp":"")"));
  const auto other =
      run(event(R"("id":"same","source":"s","timestamp":"")", R"(,"customData":{"a":1})"));
  EXPECT_EQ(one.steps, Steps{"time"});
  EXPECT_EQ(other.steps, Steps{"time"});
}

TEST(Normalise, Trap20NullMembersAreDropped) {
  const auto done = run(
      R"({"context":{"id":"a","source":"s","timestamp":"2026-11-20T12:00:00Z","schemaUri":null,)"
      R"("type":"dev.cdevents.service.deployed.0.2.0"},"subject":{"source":null,"id":"s",)"
      R"("content":{"environment":{"source":null,"id":"e"},"x":[null,{"y":null}],"name":null}},)"
      R"("extra":null,"customData":null})");
  EXPECT_EQ(done.steps, Steps{"nulls"});
  EXPECT_EQ(done.json, R"({"context":{"id":"a","source":"s","timestamp":"2026-11-20T12:00:00Z",)"
                       R"("type":"dev.cdevents.service.deployed.0.2.0"},"subject":{"id":"s",)"
                       R"("content":{"environment":{"id":"e"},"x":[null,{}]}}})");
}

TEST(Normalise, Trap20NullStaysWhereItMayMeanSomething) {
  EXPECT_EQ(run(event(kWhole, R"(,"customData":{"a":null,"b":[{"c":null}]})")).steps, Steps{});
  EXPECT_EQ(run(R"({"context":{"id":"a","source":"s","timestamp":"2026-11-20T12:00:00Z",)"
                R"("type":"dev.cdeventsx.tool-thing.made.0.1.0"},)"
                R"("subject":{"id":"s","content":{"a":null,"b":{"c":null}}}})")
                .steps,
            Steps{});
}

TEST(Normalise, Trap32TheNullTagsOfALinkAreDroppedButNotWhatIsInTags) {
  const auto done =
      run(event(std::string(kWhole) +
                R"(,"links":[{"linkType":"PATH","from":{"contextId":"x","y":null},"tags":null},)"
                R"({"linkType":"END","tags":{"a":null}}])"));
  EXPECT_EQ(done.steps, Steps{"nulls"});
  EXPECT_NE(done.json.find(R"([{"linkType":"PATH","from":{"contextId":"x"}},)"
                           R"({"linkType":"END","tags":{"a":null}}])"),
            std::string::npos)
      << done.json;
}

TEST(Normalise, Trap18ANameThatComesTwiceIsNotMadeToComeOnce) {
  const std::string json = event(kWhole, R"(,"extra":{"a":1,"a":null})");
  EXPECT_EQ(run(json).json, json);
  const auto refused = parse(run(event(std::string(kWhole) + R"(,"id":null)")).json);
  EXPECT_EQ(std::get<Unusable>(refused).problems.front().rule, "duplicate");
}

TEST(Normalise, Trap18VersionsThatComeTwiceAreLeftToBeRefused) {
  const std::string json = event(
      std::string(kWhole) + R"(,"specversion":"0.5.1","specversion":"0.5.1","version":"0.4.1")");
  EXPECT_EQ(run(json).steps, Steps{});
}

TEST(Normalise, Trap7TheTimestampOfThePythonSdkIsMended) {
  const auto done = run(event(R"("id":"a","source":"s","timestamp":"2026-11-20 12:00:00.123456")"));
  EXPECT_EQ(done.steps, Steps{"timestamp"});
  EXPECT_NE(done.json.find(R"("timestamp":"2026-11-20T12:00:00.123456Z")"), std::string::npos);
}

TEST(Normalise, Trap14OfVersionAndSpecversionTheOneOfTheTypeStays) {
  const auto with = [&](const std::string& type) {
    return run(R"({"context":{"specversion":"0.5.1","id":"a","source":"s","type":")" + type +
               R"(","timestamp":"2026-11-20T12:00:00Z","version":"0.4.1"},"subject":{"id":"s"}})");
  };
  const auto old = with("dev.cdevents.service.deployed.0.2.0");
  EXPECT_EQ(old.steps, Steps{"specversion"});
  EXPECT_EQ(old.json.find("specversion"), std::string::npos);
  EXPECT_NE(old.json.find("\"version\":\"0.4.1\""), std::string::npos);
  const auto recent = with("dev.cdevents.service.deployed.0.3.0");
  EXPECT_EQ(recent.steps, Steps{"specversion"});
  EXPECT_NE(recent.json.find("\"specversion\":\"0.5.1\""), std::string::npos);
  EXPECT_EQ(recent.json.find("\"version\""), std::string::npos);
  EXPECT_EQ(with("dev.cdevents.service.deployed.9.9.9").steps, Steps{});
}

TEST(Normalise, Trap28ReferencesGetNoSource) {
  const std::string json =
      R"({"context":{"id":"a","source":"s","timestamp":"2026-11-20T12:00:00Z","version":"0.4.1",)"
      R"("type":"dev.cdevents.service.deployed.0.2.0"},"subject":{"id":"s","source":"x","type":"service",)"
      R"("content":{"environment":{"id":"e"},"artifactId":"pkg:oci/a"}}})";
  EXPECT_EQ(run(json).json, json);
}

TEST(Normalise, Trap19NumbersAndSpacesStayAsTheyAre) {
  const std::string tail =
      "  ,\n\t\"customData\" : { \"n\": [1.10, 1e400, -0.0, 12345678901234567890123 ] }";
  const auto done = run(event(R"("id":"0","timestamp":"2026-11-20 12:00:00")", tail));
  EXPECT_EQ(done.steps, (Steps{"source", "id", "timestamp"}));
  EXPECT_NE(done.json.find(tail), std::string::npos);
}

TEST(Normalise, EachStepCanBeSwitchedOff) {
  const std::string json =
      R"({"context":{"timestamp":"2026-11-20 12:00:00","type":"t","x":null},"subject":{}})";
  const Normalisation off{.fill_source = false,
                          .fill_time = false,
                          .fill_id = false,
                          .drop_nulls = false,
                          .lenient_timestamps = false,
                          .one_spec_version = false,
                          .upgrade = false};
  EXPECT_EQ(run(json, off, {.id = "i", .source = "s", .subject = "x"}).steps, Steps{});
  Normalisation rules = off;
  rules.fill_source = true;
  EXPECT_EQ(run(json, rules).steps, Steps{"source"});
  rules = off;
  rules.fill_id = true;
  EXPECT_EQ(run(json, rules).steps, Steps{"id"});
  rules = off;
  rules.drop_nulls = true;
  EXPECT_EQ(run(json, rules).steps, Steps{"nulls"});
  rules = off;
  rules.lenient_timestamps = true;
  EXPECT_EQ(run(json, rules).steps, Steps{"timestamp"});
  rules = off;
  rules.fill_time = true;
  EXPECT_EQ(run(R"({"context":{}})", rules).steps, Steps{"time"});
  const std::string both = event(std::string(kWhole) + R"(,"specversion":"0.5.1")");
  EXPECT_EQ(run(both, off).steps, Steps{});
  rules = off;
  rules.one_spec_version = true;
  EXPECT_EQ(run(both, rules).steps, Steps{"specversion"});
}

TEST(Normalise, WhatIsFilledCanBeStored) {
  const auto done =
      run(R"({"context":{"type":"dev.cdevents.service.deployed.0.2.0"},"subject":{}})", {},
          {.subject = "s"});
  const auto parsed = parse(std::string(done.json));
  ASSERT_TRUE(std::holds_alternative<EventData>(parsed)) << done.json;
  EXPECT_EQ(std::get<EventData>(parsed).source, kSource);
}

TEST(Normalise, DoneTwiceChangesNothingMore) {
  const auto done = run(event(R"("id":"0","timestamp":"2026-11-20 12:00:00+0100","x":null)"));
  EXPECT_EQ(run(done.json).steps, Steps{});
}

}  // namespace
}  // namespace cdviz::cdevents
