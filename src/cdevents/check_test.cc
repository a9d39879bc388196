#include "cdevents/check.h"

#include <chrono>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdevents/samples.h"
#include "cdevents/user_schemas.h"
#include "core/limits.h"

namespace cdviz::cdevents {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr WallTime kNow{std::chrono::milliseconds{1'790'000'000'000}};

const EventKind& kind(std::string_view type) {
  const EventKind* found = Vocabulary::get().find(type);
  if (found == nullptr) throw std::runtime_error("no kind " + std::string(type));
  return *found;
}

std::string deployed() {
  return sample(kind("dev.cdevents.service.deployed.0.3.0"), Size::minimal);
}

/// `text` in which the first `from` is replaced by `to`.
std::string where(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("not there: " + std::string(from));
  return text.replace(at, from.size(), to);
}

/// One of deployed() with a type.
std::string with_type(std::string_view type) {
  return where(deployed(), "dev.cdevents.service.deployed.0.3.0", type);
}

std::variant<Checked, Unusable> check_with(Policy policy, std::string text,
                                           const Attributes& attributes = {}) {
  return check(std::move(text), Rules{.policy = policy, .default_source = "/default"}, attributes,
               kNow);
}

Checked usable(Policy policy, std::string text, const Attributes& attributes = {}) {
  auto result = check_with(policy, std::move(text), attributes);
  if (auto* checked = std::get_if<Checked>(&result)) return std::move(*checked);
  ADD_FAILURE() << std::get<Unusable>(result).problems.front().message;
  return {};
}

/// Each as "pointer rule".
std::vector<std::string> rules_of(const std::vector<Problem>& problems) {
  std::vector<std::string> texts;
  texts.reserve(problems.size());
  for (const Problem& problem : problems) texts.push_back(problem.pointer + " " + problem.rule);
  return texts;
}

std::vector<std::string> reported(std::string text) {
  return rules_of(usable(Policy::report, std::move(text)).violations);
}

std::vector<std::string> refused(Policy policy, std::string text) {
  const auto result = check_with(policy, std::move(text));
  const auto* unusable = std::get_if<Unusable>(&result);
  return unusable == nullptr ? std::vector<std::string>{} : rules_of(unusable->problems);
}

TEST(Check, AValidEventHasNothingToNote) {
  for (const Policy policy : {Policy::strict, Policy::report, Policy::off}) {
    const std::string text = deployed();
    const Checked checked = usable(policy, text);
    EXPECT_EQ(checked.event.json, text);
    EXPECT_EQ(checked.event.notes, "");
    EXPECT_THAT(checked.violations, IsEmpty());
    EXPECT_THAT(checked.normalised, IsEmpty());
  }
}

TEST(Check, APolicySaysWhatBecomesOfAViolation) {
  const std::string text = where(deployed(), "\"artifactId\"", "\"artefactId\"");
  const auto both =
      ElementsAre("/subject/content/artefactId additional", "/subject/content/artifactId required");
  EXPECT_THAT(refused(Policy::strict, text), both);
  EXPECT_THAT(reported(text), both);
  EXPECT_THAT(usable(Policy::off, text).violations, IsEmpty());
  EXPECT_EQ(usable(Policy::off, text).event.notes, "");
}

TEST(Check, ViolationsStandInTheNotes) {
  const Checked checked = usable(Policy::report, where(deployed(), "\"production\"", "\"\""));
  EXPECT_EQ(checked.event.notes,
            R"({"violations":[{"pointer":"/subject/content/environment/id","rule":"min_length",)"
            R"("message":"must not be empty"}]})");
}

TEST(Check, WhatCannotBeStoredIsRefusedWithEverythingThatIsWrong) {
  const std::string text = where(where(deployed(), "\"example-1\"", "7"), "production", "");
  const auto all = ElementsAre("/subject/id type", "/subject/content/environment/id min_length");
  EXPECT_THAT(refused(Policy::strict, text), all);
  EXPECT_THAT(refused(Policy::report, text), all);
  EXPECT_THAT(refused(Policy::off, text), ElementsAre("/subject/id type"));
}

TEST(Check, ANewerMinorVersionIsAcceptedAndMarked) {
  for (const char* version : {"0.4.0", "0.9.0", "0.10.0-draft", "0.2.7"}) {
    const std::string text = with_type(std::string("dev.cdevents.service.deployed.") + version);
    EXPECT_THAT(reported(text), ElementsAre("/context/type newer_version")) << version;
    EXPECT_THAT(rules_of(usable(Policy::strict, text).violations),
                ElementsAre("/context/type newer_version"))
        << version;
    EXPECT_THAT(usable(Policy::off, text).violations, IsEmpty());
  }
}

TEST(Check, WhatNoReleaseHasIsUnknown) {
  for (const char* type :
       {"dev.cdevents.service.deployed.1.0.0", "dev.cdevents.service.deployed.10.3.0",
        "dev.cdevents.service.deployed.latest", "dev.cdevents.service.exploded.0.3.0",
        "dev.cdevents.deployment.started.0.1.0", "com.example.probes.ping.0.1.0",
        "dev.example.probes.ping.0.1.0"}) {
    EXPECT_THAT(refused(Policy::strict, with_type(type)), ElementsAre("/context/type unknown_type"))
        << type;
    EXPECT_THAT(reported(with_type(type)), ElementsAre("/context/type unknown_type")) << type;
    EXPECT_EQ(usable(Policy::off, with_type(type)).event.type, type);
  }
}

TEST(Check, ATypeIsFoundWithoutRegardToCaseButKeptAsItIs) {
  const std::string type = "dev.cdevents.testSuiteRun.queued.0.3.0";
  const std::string text =
      where(sample(kind("dev.cdevents.testsuiterun.queued.0.3.0"), Size::minimal),
            "dev.cdevents.testsuiterun.queued.0.3.0", type);
  EXPECT_THAT(reported(text), ElementsAre("/context/type enum"));
  EXPECT_EQ(usable(Policy::report, text).event.type, type);
}

TEST(Check, CustomEventsFollowTheirOwnSchema) {
  for (const Era era : {Era::v0_4, Era::v0_5}) {
    EXPECT_THAT(refused(Policy::strict, custom_sample(era, Size::maximal)), IsEmpty());
    for (const char* type :
         {"dev.cdeventsx.probes.ping.0.1.0", "dev.cdeventsx.my-tool-res.created.0.1.0",
          "dev.cdeventsx.mytool-resource.created.0.10.0",
          "dev.cdeventsx.mytool-resource.created.0.1.0-draft",
          "dev.cdeventsx.mytool-res0urce.created.0.1.0"}) {
      const std::string text = where(custom_sample(era, Size::minimal),
                                     "dev.cdeventsx.mytool-resource.created.0.1.0", type);
      EXPECT_THAT(reported(text), ElementsAre("/context/type pattern")) << type;
    }
  }
}

TEST(Check, GapsAreFilledBeforeTheEventIsJudged) {
  const std::string text = where(deployed(), "    \"source\": \"/ci/example\",\n", "");
  const Checked checked = usable(Policy::strict, text);
  EXPECT_EQ(checked.event.source, "/default");
  EXPECT_THAT(checked.normalised, ElementsAre("source"));
  EXPECT_THAT(checked.violations, IsEmpty());
  EXPECT_NE(checked.event.json, text);
  EXPECT_THAT(checked.event.notes, HasSubstr(R"({"normalised":["source"],"original":"{\n  \"con)"));
}

TEST(Check, AttributesFillGapsAndDifferencesAreNamed) {
  const std::string text = where(deployed(), "    \"source\": \"/ci/example\",\n", "");
  const Checked checked = usable(Policy::report, text,
                                 {.id = "other",
                                  .source = "/attribute",
                                  .subject = "example-1",
                                  .time = "2026-11-20T13:00:00+01:00"});
  EXPECT_EQ(checked.event.source, "/attribute");
  EXPECT_THAT(checked.mismatches, ElementsAre("id"));
  EXPECT_THAT(checked.event.notes, HasSubstr(R"("mismatches":["id"])"));
}

TEST(Check, NothingIsNormalisedThatIsSwitchedOff) {
  Normalisation nothing{.fill_source = false,
                        .fill_time = false,
                        .fill_id = false,
                        .drop_nulls = false,
                        .lenient_timestamps = false,
                        .one_spec_version = false};
  const std::string text = where(deployed(), "\"environment\"", "\"x\": null, \"environment\"");
  auto result = check(std::string(text), {.normalisation = nothing}, {}, kNow);
  EXPECT_EQ(std::get<Checked>(result).event.json, text);
  EXPECT_THAT(rules_of(std::get<Checked>(result).violations),
              ElementsAre("/subject/content/x additional"));
  EXPECT_EQ(usable(Policy::report, text).event.json, where(text, "\"x\": null, ", ""));
}

TEST(Check, ARefusedDocumentIsLeftAsItWas) {
  const std::string text = where(where(deployed(), "\"/ci/example\"", "null"), "example-1", "");
  std::string document = text;
  const auto result = check(std::move(document), {}, {}, kNow);
  EXPECT_TRUE(std::holds_alternative<Unusable>(result));
  EXPECT_EQ(document, text);  // NOLINT(bugprone-use-after-move): the contract
}

TEST(Check, ViolationsAreAllNamedUpToALimitAndTheRestIsCounted) {
  std::string more;
  for (int i = 0; i < 100; ++i) more += "\"extra" + std::to_string(i) + "\": 1, ";
  const Checked checked =
      usable(Policy::report, where(deployed(), "\"environment\"", more + "\"environment\""));
  ASSERT_EQ(checked.violations.size(), limits::kProblems);
  EXPECT_EQ(checked.violations.back(), (Problem{"", "more", "and 69 more"}));
}

/// Rules with one schema of the user, for every event.
Rules with_schema(Policy policy, std::string json, std::string uri = "") {
  auto compiled = UserSchemas::compile(
      {{uri.empty() ? "*" : "", std::move(uri), {"s.json", "file:///s.json", std::move(json)}}});
  return {.policy = policy,
          .schemas = std::make_shared<const UserSchemas>(std::get<UserSchemas>(compiled))};
}

std::size_t violations(const Rules& rules, std::string text) {
  auto result = check(std::move(text), rules, {}, kNow);
  if (const auto* checked = std::get_if<Checked>(&result)) return checked->violations.size();
  return 1000;
}

TEST(Check, ASchemaOfTheUserIsLookedAtBesidesTheSpecification) {
  const std::string schema = R"({"properties":{"customData":{"required":["team"]}}})";
  const std::string with_data = where(deployed(), R"("subject":)", R"("customData":{},"subject":)");
  EXPECT_EQ(violations(with_schema(Policy::report, schema), deployed()), 0U);
  EXPECT_EQ(violations(with_schema(Policy::report, schema), with_data), 1U);
  EXPECT_EQ(violations(with_schema(Policy::strict, schema), with_data), 1000U);
  EXPECT_EQ(violations(with_schema(Policy::off, schema), with_data), 0U);
}

TEST(Check, ASchemaIsFoundByTheSchemaUriOfTheEvent) {
  const std::string uri = "https://example.com/schema";
  const std::string text =
      where(deployed(), R"("specversion":)", R"("schemaUri":")" + uri + R"(","specversion":)");
  EXPECT_EQ(violations(with_schema(Policy::report, "false", uri), text), 1U);
  EXPECT_EQ(violations(with_schema(Policy::report, "false", uri), deployed()), 0U);
  EXPECT_EQ(violations(with_schema(Policy::report, "false", uri + "2"), text), 0U);
}

TEST(Check, ANumberBeyondADoubleIsNotComparedByASchema) {
  const std::string schema = R"({"properties":{"customData":{"properties":{"n":{"minimum":5}}}}})";
  const auto with_number = [](const std::string& n) {
    return where(deployed(), R"("subject":)", R"("customData":{"n":)" + n + R"(},"subject":)");
  };
  EXPECT_EQ(violations(with_schema(Policy::report, schema), with_number("4")), 1U);
  EXPECT_EQ(violations(with_schema(Policy::report, schema), with_number("1e999")), 0U);
}

}  // namespace
}  // namespace cdviz::cdevents
