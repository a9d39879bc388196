#include "pipeline/filter.h"

#include <gtest/gtest.h>

namespace cdviz::pipeline {
namespace {

EventData event(std::string json = "{}") {
  return {.source = "https://ci.example.com/team/a",
          .id = "1",
          .type = "dev.cdevents.service.deployed.0.2.0",
          .timestamp = "2024-05-06T07:08:09Z",
          .subject_id = "shop/cart",
          .json = std::move(json),
          .origin = "webhook"};
}

EventData in_environment(const std::string& id) {
  return event(R"({"subject":{"content":{"environment":{"id":)" + id + "}}}}");
}

TEST(Filter, WithoutPatternsEverythingPasses) {
  EXPECT_TRUE(Filter{}.empty());
  EXPECT_TRUE(Filter{}.passes(event()));
}

TEST(Filter, OfAListAnyOneIsEnough) {
  EXPECT_TRUE((Filter{.wanted = {.types = {"dev.cdevents.build.*", "dev.cdevents.service.*"}}})
                  .passes(event()));
  EXPECT_FALSE((Filter{.wanted = {.types = {"dev.cdevents.build.*"}}}).passes(event()));
}

TEST(Filter, OfTheListsAllMustFit) {
  EXPECT_TRUE((Filter{.wanted = {.types = {"*.deployed.*"},
                                 .sources = {"https://ci.example.com/*"},
                                 .subject_ids = {"shop/*"},
                                 .origins = {"webhook"}}})
                  .passes(event()));
  EXPECT_FALSE(
      (Filter{.wanted = {.types = {"*.deployed.*"}, .origins = {"kafka"}}}).passes(event()));
}

TEST(Filter, APatternIsForTheWholeTextAndCaseCounts) {
  EXPECT_FALSE((Filter{.wanted = {.subject_ids = {"shop"}}}).passes(event()));
  EXPECT_FALSE((Filter{.wanted = {.subject_ids = {"SHOP/*"}}}).passes(event()));
  EXPECT_FALSE((Filter{.wanted = {.subject_ids = {""}}}).passes(event()));
  EXPECT_TRUE((Filter{.wanted = {.subject_ids = {"*"}}}).passes(event()));
}

TEST(Filter, WhatFitsTheExceptionDoesNotPass) {
  const Filter filter{.wanted = {.types = {"dev.cdevents.*"}},
                      .except = {.types = {"*.deployed.*"}, .subject_ids = {"shop/*"}}};
  EXPECT_FALSE(filter.passes(event()));
  EventData other = event();
  other.subject_id = "bank";  // of the exception all must fit too
  EXPECT_TRUE(filter.passes(other));
  EXPECT_FALSE((Filter{.except = {.origins = {"web*"}}}).passes(event()));
}

TEST(Filter, TheEnvironmentIsReadFromTheEvent) {
  const Filter wanted{.wanted = {.environments = {"prod*"}}};
  const Filter except{.except = {.environments = {"prod*"}}};
  EXPECT_TRUE(wanted.passes(in_environment(R"("production")")));
  EXPECT_FALSE(except.passes(in_environment(R"("production")")));
  EXPECT_TRUE(wanted.passes(in_environment(R"("prod-\u00e9")")));  // decoded
  EXPECT_FALSE(wanted.passes(in_environment(R"("staging")")));
  EXPECT_TRUE(except.passes(in_environment(R"("staging")")));
}

TEST(Filter, AnEventWithoutAnEnvironmentFitsNoPatternForOne) {
  const Filter wanted{.wanted = {.environments = {"*"}}};
  const Filter except{.except = {.environments = {"*"}}};
  for (const auto* json : {"{}", "[]", "", "{\"subject\":null}",
                           "{\"subject\":{\"content\":{\"environment\":\"x\"}}}"}) {
    EXPECT_FALSE(wanted.passes(event(json))) << json;
    EXPECT_TRUE(except.passes(event(json))) << json;
  }
  EXPECT_FALSE(wanted.passes(in_environment("7")));
}

}  // namespace
}  // namespace cdviz::pipeline
