// What in CDEvents and its tools is easily got wrong, each as a test: ambiguities of the
// specification, and what producers in the wild send.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdevents/check.h"
#include "cdevents/samples.h"

namespace cdviz::cdevents {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

std::string minimal(std::string_view type) {
  const EventKind* kind = Vocabulary::get().find(type);
  if (kind == nullptr) throw std::runtime_error("no kind " + std::string(type));
  return sample(*kind, Size::minimal);
}
std::string maximal(std::string_view type) {
  return sample(*Vocabulary::get().find(type), Size::maximal);
}

constexpr std::string_view kDeployed = "dev.cdevents.service.deployed.0.3.0";
constexpr std::string_view kDeployed04 = "dev.cdevents.service.deployed.0.2.0";

std::string where(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("not there: " + std::string(from));
  return text.replace(at, from.size(), to);
}

/// The event with `member` ("\"x\": 1") added to its context, or before its subject.
std::string with_context(std::string text, const std::string& member) {
  return where(std::move(text), "\"context\": {", "\"context\": {" + member + ",");
}
std::string with_root(std::string text, const std::string& member) {
  return where(std::move(text), "\"subject\": {", member + ",\"subject\": {");
}

/// What strict finds, as "pointer rule"; nothing is mended.
std::vector<std::string> found(std::string text) {
  constexpr Normalisation kNothing{.fill_source = false,
                                   .fill_time = false,
                                   .fill_id = false,
                                   .drop_nulls = false,
                                   .lenient_timestamps = false,
                                   .one_spec_version = false};
  const auto result =
      check(std::move(text), {.policy = Policy::strict, .normalisation = kNothing}, {}, {});
  std::vector<std::string> problems;
  if (const auto* unusable = std::get_if<Unusable>(&result)) {
    for (const Problem& problem : unusable->problems) {
      problems.push_back(problem.pointer + " " + problem.rule);
    }
  }
  return problems;
}

/// As it is accepted with the rules that a source has if nothing is said.
Checked accepted(std::string text) {
  auto result = check(std::move(text), {}, {}, {});
  if (auto* unusable = std::get_if<Unusable>(&result)) {
    ADD_FAILURE() << unusable->problems.front().pointer << unusable->problems.front().message;
    return {};
  }
  return std::get<Checked>(std::move(result));
}

// Identity

TEST(Trap, AnIdIsAnyTextAndIsKeptByteForByte) {
  for (const std::string& id :
       {std::string("7"), std::string("a b/ü%zz"),
        std::string("271069a8-fc18-44f1-b38f-9d70a1695819"), std::string(2048, 'x')}) {
    const std::string text = where(minimal(kDeployed), "0f6b1e5c-7c1d-4a1e-9a53-5a0c2f4f7d10", id);
    EXPECT_THAT(found(text), IsEmpty());
    EXPECT_EQ(accepted(text).event.id, id);
  }
}

TEST(Trap, ASubjectIdNeedsNoForm) {
  EXPECT_THAT(found(where(minimal(kDeployed), "\"example-1\"", "\"7\"")), IsEmpty());
}

// Type and version

TEST(Trap, TheSubjectInATypeIsLowerCaseAndSubjectTypeIsCamelCase) {
  const std::string type = "dev.cdevents.testsuiterun.queued.0.2.0";
  EXPECT_THAT(found(minimal(type)), IsEmpty());
  EXPECT_THAT(found(where(minimal(type), "\"testSuiteRun\"", "\"testsuiterun\"")),
              ElementsAre("/subject/type enum"));
  EXPECT_THAT(found(where(minimal(type), type, "dev.cdevents.testSuiteRun.queued.0.2.0")),
              ElementsAre("/context/type enum"));
}

TEST(Trap, AVersionIsAllThatFollowsThePredicate) {
  EXPECT_THAT(found(minimal("dev.cdevents.service.deployed.0.1-draft")), IsEmpty());
  EXPECT_EQ(
      accepted(where(minimal(kDeployed), kDeployed, "dev.cdevents.service.deployed.0.4.0-draft+b"))
          .event.type,
      "dev.cdevents.service.deployed.0.4.0-draft+b");
}

TEST(Trap, TheTypeDecidesAndNotTheSpecVersion) {
  const std::string old = minimal("dev.cdevents.service.deployed.0.1.1");
  for (const char* version : {"0.4.1", "0.4.0-draft", "0.1.0", "9.9"}) {
    EXPECT_THAT(found(where(old, "\"0.3.0\"", "\"" + std::string(version) + "\"")), IsEmpty());
  }
  EXPECT_THAT(found(where(minimal(kDeployed), "\"0.5.1\"", "\"0.6.0-draft\"")), IsEmpty());
}

TEST(Trap, EveryReleaseIsAccepted) {
  for (const char* version : {"0.1-draft", "0.1.0", "0.1.1", "0.2.0", "0.3.0"}) {
    const std::string type = std::string("dev.cdevents.service.deployed.") + version;
    EXPECT_THAT(accepted(maximal(type)).violations, IsEmpty()) << type;
  }
}

TEST(Trap, UnknownMembersAreNotedInKnownTypesAndLeftAloneInNewerOnes) {
  const std::string text =
      where(minimal(kDeployed), "\"environment\"", "\"x\": 1, \"environment\"");
  EXPECT_THAT(found(text), ElementsAre("/subject/content/x additional"));
  const Checked newer = accepted(where(text, kDeployed, "dev.cdevents.service.deployed.0.4.0"));
  ASSERT_EQ(newer.violations.size(), 1U);
  EXPECT_EQ(newer.violations.front().rule, "newer_version");
}

TEST(Trap, BothVersionsTogetherAreWrongInEveryEra) {
  EXPECT_THAT(found(with_context(minimal(kDeployed), R"("version": "0.4.1")")),
              ElementsAre("/context/version additional"));
  EXPECT_THAT(found(with_context(minimal(kDeployed04), R"("specversion": "0.5.1")")),
              ElementsAre("/context/specversion additional"));
}

TEST(Trap, EventsThatTheBrokenSchemasOf050RefusedAreFine) {
  for (const char* subject : {"pipelinerun", "testcaserun", "testsuiterun"}) {
    const std::string type = std::string("dev.cdevents.") + subject + ".finished.0.3.0";
    EXPECT_THAT(found(where(maximal(type), "\"0.5.1\"", "\"0.5.0\"")), IsEmpty()) << type;
  }
}

TEST(Trap, SubjectTypeIsForbiddenSince05ExceptWhereItWasForgotten) {
  const auto with_type = [](std::string_view type, const std::string& subject) {
    return where(minimal(type), "\"subject\": {", R"("subject": {"type": ")" + subject + "\",");
  };
  EXPECT_THAT(found(with_type(kDeployed, "service")), ElementsAre("/subject/type additional"));
  EXPECT_THAT(found(with_type("dev.cdevents.ticket.created.0.2.0", "ticket")),
              ElementsAre("/subject/type additional"));
  EXPECT_THAT(found(with_type("dev.cdevents.ticket.closed.0.2.0", "ticket")), IsEmpty());
  EXPECT_THAT(found(with_type("dev.cdevents.ticket.closed.0.2.0", "Ticket")),
              ElementsAre("/subject/type enum"));
}

// Links

TEST(Trap, LinksOf040AreAcceptedAlthoughItsSchemasAdmitNone) {
  const std::string links =
      R"("links": [{"link_type": "RELATION", "link_kind": "TRIGGER", "target": {"context_id": "a"}},)"
      R"({"link_type": "PATH", "from": {"context_id": "a"}}, {"linkType": "END"}])";
  const std::string now = with_context(minimal(kDeployed04), links);
  EXPECT_THAT(found(where(now, "\"0.4.1\"", "\"0.4.0\"")), IsEmpty());
  EXPECT_THAT(found(now), ElementsAre("/context/links/0/linkType required",
                                      "/context/links/1/linkType required"));
}

TEST(Trap, BothSpellingsOfChainIdAreAcceptedIn04) {
  for (const char* version : {"0.4.0", "0.4.1"}) {
    for (const char* name : {"chain_id", "chainId"}) {
      const std::string text = where(minimal(kDeployed04), "0.4.1", version);
      EXPECT_THAT(found(with_context(text, "\"" + std::string(name) + R"(": "a")")), IsEmpty())
          << version << name;
    }
  }
  EXPECT_THAT(found(with_context(minimal(kDeployed), R"("chain_id": "a")")),
              ElementsAre("/context/chain_id additional"));
}

TEST(Trap, LinksAreWhatTheSchemasSayAndNotTheProse) {
  const auto link = [](const std::string& text) {
    return found(with_context(minimal(kDeployed), "\"links\": [" + text + "]"));
  };
  EXPECT_THAT(link(R"({"linkType":"RELATION","linkKind":"triggeredBy","target":{}})"), IsEmpty());
  EXPECT_THAT(link(R"({"linkType":"RELATION","linkKind":"x","target":{"domainId":"y"}})"),
              IsEmpty());
  EXPECT_THAT(link(R"({"linkType":"END","tags":{"a":1,"b":{}}})"), IsEmpty());
  EXPECT_THAT(link(R"({"linkType":"PATH"})"), ElementsAre("/context/links/0/from required"));
  EXPECT_THAT(link(R"({"linkType":"PATH","from":{"domainId":"x"}})"),
              ElementsAre("/context/links/0/from/contextId required"));
  EXPECT_THAT(link(R"({"linkType":"end"})"), ElementsAre("/context/links/0/linkType enum"));
  EXPECT_THAT(link(R"({"linkType":"END","tags":null})"), ElementsAre("/context/links/0/tags type"));
  EXPECT_THAT(link("1"), ElementsAre("/context/links/0 type"));
}

TEST(Trap, ALinkOutsideOfAnEventIsNoEventAndIsToldSo) {
  EXPECT_THAT(found(R"({"linkType":"START","chainId":"a","timestamp":"2026-11-20T12:00:00Z",)"
                    R"("start":{"contextId":"b"}})"),
              ElementsAre(" link_message"));
}

TEST(Trap, ADomainIdStandsForAContextIdInTheDraft) {
  const auto link = [](const std::string& text) {
    return found(
        with_context(minimal("dev.cdevents.approval.created.0.1.0"), "\"links\": [" + text + "]"));
  };
  EXPECT_THAT(link(R"({"linkType":"PATH","from":{"domainId":"x"}})"), IsEmpty());
  EXPECT_THAT(link(R"({"linkType":"PATH","from":{}})"),
              ElementsAre("/context/links/0/from required"));
  EXPECT_THAT(link(R"({"linkType":"RELATION","linkKind":"x","target":{"domainId":"y"}})"),
              ElementsAre("/context/links/0/target/domainId pattern"));
  EXPECT_THAT(link(R"({"linkType":"RELATION","linkKind":"x","target":{"domainId":)"
                   R"("cdevents:v0:github:::a/b:pr:1"}})"),
              IsEmpty());
}

// JSON

TEST(Trap, AnEscapedNulOrALoneSurrogateStopsAtTheDoor) {
  EXPECT_THAT(found(where(minimal(kDeployed), "production", R"(a\u0000)")), ElementsAre(" nul"));
  EXPECT_THAT(found(where(minimal(kDeployed), "production", R"(\ud83d)")),
              ElementsAre(" surrogate"));
}

TEST(Trap, ANameThatComesTwiceIsNoted) {
  EXPECT_THAT(found(with_context(minimal(kDeployed), R"("id": "x")")),
              Contains("/context/id duplicate"));
  EXPECT_THAT(
      found(where(minimal(kDeployed), "\"artifactId\"", R"("artifactId": "x", "artifactId")")),
      ElementsAre("/subject/content/artifactId duplicate"));
}

TEST(Trap, NumbersKeepEveryDigit) {
  const std::string text = with_root(
      minimal(kDeployed),
      R"("customData": {"a": 12345678901234567890123, "b": 1e400, "c": 1.10, "d": -0.0})");
  EXPECT_THAT(found(text), IsEmpty());
  EXPECT_EQ(accepted(text).event.json, text);
}

TEST(Trap, CustomDataIsAnObjectOrAString) {
  const auto custom = [](const std::string& value) {
    return found(with_root(minimal(kDeployed), "\"customData\": " + value));
  };
  EXPECT_THAT(custom(R"({"a": null})"), IsEmpty());
  EXPECT_THAT(custom(R"("")"), IsEmpty());
  EXPECT_THAT(custom(R"("no base64 {")"), IsEmpty());
  for (const char* value : {"[]", "1", "true", "null"}) {
    EXPECT_THAT(custom(value), ElementsAre("/customData one_of")) << value;
  }
  EXPECT_THAT(custom(R"({}, "customDataContentType": "text/plain")"), IsEmpty());
  EXPECT_THAT(custom(R"("x", "customDataContentType": "application/json")"), IsEmpty());
  EXPECT_THAT(custom(R"({}, "customDataEncoding": "base64")"),
              ElementsAre("/customDataEncoding additional"));
}

TEST(Trap, AnEventMayBeLargeAndDeepUpToALimit) {
  const auto custom = [](const std::string& value) {
    return found(with_root(minimal(kDeployed), R"("customData": {"x": )" + value + "}"));
  };
  EXPECT_THAT(custom("\"" + std::string(64 * 1024, 'x') + "\""), IsEmpty());
  EXPECT_THAT(custom("\"" + std::string(2 * 1024 * 1024, 'x') + "\""), IsEmpty());
  EXPECT_THAT(custom(std::string(100, '[') + std::string(100, ']')), IsEmpty());
  EXPECT_THAT(custom(std::string(200, '[') + std::string(200, ']')), ElementsAre(" depth"));
  EXPECT_THAT(found("\xef\xbb\xbf" + minimal(kDeployed)), ElementsAre(" json"));
}

TEST(Trap, OneCharacterOfManyBytesIsNotEmpty) {
  EXPECT_THAT(found(where(minimal(kDeployed), "production", "\xf0\x9f\x98\x80")), IsEmpty());
}

// References and URIs

TEST(Trap, ASourceIsAUriReference) {
  const auto source = [](const std::string& value) {
    return found(where(minimal(kDeployed), "/ci/example", value));
  };
  for (const char* good : {"/event/source/123", "job/x/", "a:b:c", "1-555-123-4567", "//host", "?",
                           "https://example.org/%C3%A4"}) {
    EXPECT_THAT(source(good), IsEmpty()) << good;
  }
  for (const char* bad :
       {"a b", "http://ex\xc3\xa4mple.org", "a|b", "a^b", R"(a\\b)", "%zz", "a[b", "1:b"}) {
    EXPECT_THAT(source(bad), ElementsAre("/context/source format")) << bad;
  }
  EXPECT_THAT(source(""), ElementsAre("/context/source min_length"));
}

TEST(Trap, SourcesOfTestingEventsHaveNoFormat) {
  for (const char* type :
       {"dev.cdevents.testcaserun.queued.0.1.0", "dev.cdevents.testsuiterun.started.0.2.0",
        "dev.cdevents.testoutput.published.0.3.0"}) {
    const std::string text = where(where(maximal(type), "/ci/example", "a b"), "/ci/example", "");
    EXPECT_THAT(found(text), IsEmpty()) << type;
  }
  EXPECT_THAT(found(where(maximal("dev.cdevents.testcase.queued.0.1.1"), "/ci/example", "a b")),
              ElementsAre("/context/source format"));
}

TEST(Trap, UrisOfContentAreAbsoluteSince05AndFreeTextBefore) {
  const auto started = [](const std::string& version, const std::string& value) {
    return found(where(minimal("dev.cdevents.pipelinerun.started." + version),
                       version == "0.3.0" ? "https://example.org/page/1" : "\"url\": \"example\"",
                       version == "0.3.0" ? value : "\"url\": \"" + value + "\""));
  };
  EXPECT_THAT(started("0.2.0", "job/x/7/"), IsEmpty());
  EXPECT_THAT(started("0.3.0", "job/x/7/"), ElementsAre("/subject/content/uri format"));
  EXPECT_THAT(started("0.3.0", "https://ci.example.org/job/x/7/"), IsEmpty());
}

// Documents that differ from the schemas: the schemas win

TEST(Trap, TheSchemasNamesAreRightAndNotTheDocuments) {
  const std::string created = minimal("dev.cdevents.environment.created.0.3.0");
  EXPECT_THAT(found(where(created, "\"content\": {", R"("content": {"url": "https://a.b")")),
              ElementsAre("/subject/content/url additional"));
  EXPECT_THAT(found(minimal("dev.cdevents.service.removed.0.3.0")), IsEmpty());
  EXPECT_THAT(found(minimal("dev.cdevents.repository.modified.0.3.0")), IsEmpty());
  const std::string queued = minimal("dev.cdevents.testcaserun.queued.0.3.0");
  EXPECT_THAT(found(where(queued, "\"content\": {", R"("content": {"trigger": {"why": "not"},)")),
              IsEmpty());
}

TEST(Trap, AnArtifactIdOfAnIncidentNeedNotBeAPackageUrl) {
  const std::string text = where(minimal("dev.cdevents.incident.detected.0.3.0"), "\"content\": {",
                                 R"("content": {"artifactId": "myapp:1.2.3",)");
  EXPECT_THAT(found(text), IsEmpty());
}

}  // namespace
}  // namespace cdviz::cdevents
