#include "web/api/playground.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace cdviz::web::api {
namespace {

namespace json = boost::json;

Scripting scripting() {
  return {.shipped = {{"example", "return \"x\""}},
          .make = [](Scripting::Draft draft,
                     const Scripting::Listener&) -> Result<std::unique_ptr<Transform>> {
            return Error{Fault::stop, "play:1: unexpected symbol near " + draft.text};
          }};
}

/// Says its values and what it gets; gives it on as it came.
struct Talker final : Transform {
  Talker(std::string values, Scripting::Listener listener)
      : values_(std::move(values)), listener_(std::move(listener)) {}
  Result<Transformed> apply(Message message) const override {
    listener_(values_);
    listener_("got \"" + message.body + "\"");
    Transformed same;
    same.messages.push_back(std::move(message));
    return same;
  }
  const std::string values_;
  const Scripting::Listener listener_;
};

constexpr std::string_view kEvent =
    R"({"context":{"specversion":"0.5.1","id":"1","source":"/s","type":"dev.cdevents.build.started.0.3.0",)"
    R"("timestamp":"2026-01-01T00:00:00Z"},"subject":{"id":"b","content":{}}})";

json::object tried(const json::object& request, const Scripting& with = scripting()) {
  const auto response = try_out(json::serialize(request), with, WallTime{});
  EXPECT_EQ(response.status, 200) << response.body;
  return json::parse(response.body).at("data").as_object();
}

std::string refused(std::string_view body, const Scripting& with = scripting()) {
  const auto response = try_out(body, with, WallTime{});
  EXPECT_EQ(response.status, 400) << response.body;
  return std::string(json::parse(response.body).at("detail").as_string());
}

TEST(Playground, AnEventIsShownAsItWouldBeStored) {
  const auto data = tried({{"body", kEvent}});
  ASSERT_EQ(data.at("events").as_array().size(), 1U);
  const auto& event = data.at("events").as_array()[0];
  EXPECT_EQ(event.at("type").as_string(), "dev.cdevents.build.started.0.3.0");
  EXPECT_EQ(event.at("event"), json::parse(kEvent));
  EXPECT_TRUE(event.at("violations").as_array().empty());
  EXPECT_TRUE(data.at("refused").as_array().empty());
}

TEST(Playground, WhatIsMendedAndWhatIsBrokenIsTold) {
  const auto data = tried(
      {{"body",
        R"({"context":{"specversion":"0.5.1","type":"dev.cdevents.build.started.0.3.0"},"subject":{"id":"b","content":{"no":1}}})"}});
  const auto& event = data.at("events").as_array().at(0);
  EXPECT_EQ(event.at("source").as_string(), "/playground");
  EXPECT_FALSE(event.at("normalised").as_array().empty());
  EXPECT_FALSE(event.at("violations").as_array().empty());
}

TEST(Playground, WhatIsNoEventIsRefusedWithTheReason) {
  const auto data = tried({{"body", "push"}});
  EXPECT_TRUE(data.at("events").as_array().empty());
  const auto& problems = data.at("refused").as_array().at(0).as_array();
  EXPECT_EQ(problems.at(0).at("rule").as_string(), "json");
}

TEST(Playground, WhatTheScriptSaysIsShownAndItsValuesReachIt) {
  const Scripting talking{
      .make = [](Scripting::Draft draft,
                 Scripting::Listener listener) -> Result<std::unique_ptr<Transform>> {
        return std::unique_ptr<Transform>(
            std::make_unique<Talker>(std::move(draft.values), std::move(listener)));
      }};
  const json::object request{
      {"body", "hello"}, {"script", "x"}, {"values", {{"region", "eu"}, {"n", 3}}}};
  EXPECT_EQ(tried(request, talking).at("log"),
            json::value(json::array{R"({"region":"eu","n":3})", R"(got "hello")"}));
  EXPECT_EQ(tried({{"body", kEvent}}, talking).at("log"), json::array{});
}

TEST(Playground, AWrongRequestIsToldWhatIsWrong) {
  EXPECT_NE(refused("").find("JSON object"), std::string::npos);
  EXPECT_NE(refused("[]").find("JSON object"), std::string::npos);
  EXPECT_NE(refused("{}").find("body is"), std::string::npos);
  EXPECT_NE(refused(R"({"body":1})").find("body is"), std::string::npos);
  EXPECT_NE(refused(R"({"body":"","headers":[]})").find("headers is"), std::string::npos);
  EXPECT_NE(refused(R"({"body":"","headers":{"a":1}})").find("headers is"), std::string::npos);
  EXPECT_NE(refused(R"({"body":"","send":true})").find("a trial has"), std::string::npos);
  EXPECT_NE(refused(R"({"body":"","values":"x"})").find("values (an object)"), std::string::npos);
  EXPECT_EQ(refused(R"({"body":"","script":"broken"})"), "play:1: unexpected symbol near broken");
  EXPECT_NE(refused(R"({"body":"","script":"x"})", {}).find("no engine"), std::string::npos);
}

TEST(Playground, TellsWhichScriptsThereAre) {
  EXPECT_EQ(scripts_json({}), R"({"engine":false,"scripts":[]})");
  EXPECT_EQ(scripts_json(scripting()),
            R"({"engine":true,"scripts":[{"name":"example","text":"return \"x\""}]})");
}

}  // namespace
}  // namespace cdviz::web::api
