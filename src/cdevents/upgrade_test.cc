#include "cdevents/upgrade.h"

#include <gtest/gtest.h>

#include "cdevents/check.h"
#include "cdevents/samples.h"

namespace cdviz::cdevents {
namespace {

std::string document(std::string_view context, std::string_view subject) {
  return R"({"context":{"id":"a-1","source":"/s","timestamp":"2026-11-20T12:00:00Z",)" +
         std::string(context) + R"(},"subject":{"id":"x",)" + std::string(subject) + "}}";
}

/// The violations of the specification; "" when there is none.
std::string violations(std::string json) {
  Rules rules{.policy = Policy::strict};
  const auto checked = check(std::move(json), rules, {}, {});
  const auto* unusable = std::get_if<Unusable>(&checked);
  return unusable == nullptr
             ? ""
             : unusable->problems.front().pointer + " " + unusable->problems.front().message;
}

TEST(Upgrade, Trap16AnOldPipelineRunIsSaidInTheNewShapes) {
  EXPECT_EQ(
      upgraded(document(
          R"("version":"0.3.0","type":"dev.cdevents.pipelinerun.finished.0.1.1")",
          R"("type":"pipelineRun","content":{"pipelineName":"p","url":"https://ci.example.org/7","outcome":"failure"})")),
      document(
          R"("specversion":"0.5.1","type":"dev.cdevents.pipelinerun.finished.0.3.0")",
          R"("content":{"pipelineName":"p","uri":"https://ci.example.org/7","outcome":"failure"})"));
}

TEST(Upgrade, Trap16OutcomesOfTestsAreRenamed) {
  for (const auto& [old_word, new_word] : {std::pair{"pass", "success"},
                                           {"fail", "failure"},
                                           {"cancel", "cancel"},
                                           {"error", "error"}}) {
    const auto with = [](std::string_view context, std::string_view type,
                         const std::string& outcome) {
      return document(context, std::string(type) +
                                   R"("content":{"environment":{"id":"e"},"outcome":")" + outcome +
                                   "\"}");
    };
    EXPECT_EQ(upgraded(with(R"("version":"0.4.1","type":"dev.cdevents.testcaserun.finished.0.2.0")",
                            R"("type":"testCaseRun",)", old_word)),
              with(R"("specversion":"0.5.1","type":"dev.cdevents.testcaserun.finished.0.3.0")", "",
                   new_word));
  }
}

TEST(Upgrade, Trap16LinksAndChainAreSpeltAsIn041) {
  EXPECT_EQ(
      upgraded(document(
          R"("version":"0.4.0","type":"dev.cdevents.build.started.0.2.0","chain_id":"c","links":[)"
          R"({"link_type":"RELATION","link_kind":"k","target":{"context_id":"t"},"tags":{"link_type":"x"}},)"
          R"({"link_type":"PATH","from":{"context_id":"f"}}])",
          R"("type":"build","content":{})")),
      document(
          R"("specversion":"0.5.1","type":"dev.cdevents.build.started.0.3.0","chainId":"c","links":[)"
          R"({"linkType":"RELATION","linkKind":"k","target":{"contextId":"t"},"tags":{"link_type":"x"}},)"
          R"({"linkType":"PATH","from":{"contextId":"f"}}])",
          R"("content":{})"));
}

TEST(Upgrade, TheUrlInsideATestSuiteIsRenamedOnlyWhereItWasOne) {
  const auto done = upgraded(document(
      R"("version":"0.4.1","type":"dev.cdevents.testsuiterun.queued.0.2.0")",
      R"("type":"testSuiteRun","content":{"environment":{"id":"e"},"testSuite":{"id":"s","url":"https://x.org/"}})"));
  ASSERT_TRUE(done);
  EXPECT_NE(done->find(R"("testSuite":{"id":"s","uri":"https://x.org/"})"), std::string::npos);
}

TEST(Upgrade, Trap16WhatTheNewShapeCannotSayStaysAsItIs) {
  const auto run = [](std::string_view content) {
    return document(R"("version":"0.3.0","type":"dev.cdevents.pipelinerun.finished.0.1.1")",
                    R"("type":"pipelineRun","content":)" + std::string(content));
  };
  EXPECT_TRUE(upgraded(run(R"({"url":"https://x.org/"})")));
  for (const char* content :
       {R"({"url":"job/x/7/"})", R"({"url":""})", R"({"outcome":"SUCCESS"})", R"({"outcome":""})",
        R"({"url":"https://x.org/","uri":"https://x.org/"})", R"({"unknown":1})", "7"}) {
    EXPECT_EQ(upgraded(run(content)), std::nullopt) << content;
  }
}

TEST(Upgrade, Trap16TestCasesOfOldHaveNoSuccessor) {
  for (const char* type : {"testcase.started", "testsuite.finished"}) {
    EXPECT_EQ(upgraded(document(
                  R"("version":"0.2.0","type":"dev.cdevents.)" + std::string(type) + R"(.0.1.1")",
                  R"("type":"testCase","content":{})")),
              std::nullopt);
  }
}

TEST(Upgrade, ASubjectTypeThatSaysSomethingElseIsNotThrownAway) {
  EXPECT_EQ(upgraded(document(R"("version":"0.1.2","type":"dev.cdevents.build.started.0.1.0")",
                              R"("type":"pod","content":{})")),
            std::nullopt);
}

TEST(Upgrade, Trap10TheSpellingOfTheDocumentsIsUnderstood) {
  const auto done =
      upgraded(document(R"("version":"0.3.0","type":"dev.cdevents.taskRun.started.0.1.1")",
                        R"("type":"TASKRUN","content":{})"));
  ASSERT_TRUE(done);
  EXPECT_NE(done->find("dev.cdevents.taskrun.started.0.3.0"), std::string::npos);
}

TEST(Upgrade, CustomEventsGetTheNewEnvelope) {
  for (const Size size : {Size::minimal, Size::maximal}) {
    for (const Revision revision : {Revision::v0_4_0, Revision::v0_4_1}) {
      const auto done = upgraded(custom_sample(Era::v0_4, size, revision));
      ASSERT_TRUE(done);
      EXPECT_EQ(violations(*done), "") << *done;
      EXPECT_NE(done->find("\"specversion\": \"0.5.1\""), std::string::npos);
      EXPECT_EQ(upgraded(*done), std::nullopt) << "twice";
    }
    EXPECT_EQ(upgraded(custom_sample(Era::v0_5, size)), std::nullopt);
  }
  EXPECT_EQ(
      upgraded(document(R"("version":"0.4.1","type":"dev.cdeventsx.mytool-thing.made.0.1.0")",
                        R"("type":"mytool-thing","content":{"url":"a","link_type":"b","x":null})")),
      document(R"("specversion":"0.5.1","type":"dev.cdeventsx.mytool-thing.made.0.1.0")",
               R"("content":{"url":"a","link_type":"b","x":null})"));
}

TEST(Upgrade, WhatIsNewOrUnknownIsLeftAlone) {
  for (const char* type :
       {"dev.cdevents.build.started.0.3.0", "dev.cdevents.build.started.9.0.0",
        "dev.cdevents.approval.created.0.1.0", "dev.cdeventsx.tool-thing.made.0.1.0", "x"}) {
    EXPECT_EQ(upgraded(document(R"("version":"0.4.1","type":")" + std::string(type) + "\"",
                                R"("type":"build","content":{})")),
              std::nullopt)
        << type;
  }
  for (const char* text : {"", "[]", "{}", R"({"context":1})", R"({"context":{"type":1}})",
                           R"({"context":{"type":"dev.cdevents.build.started.0.1.0"}})"}) {
    EXPECT_EQ(upgraded(text), std::nullopt) << text;
  }
}

/// Old shapes allow any text where new ones want something: then the example has it.
std::string with_meaning(std::string json, const EventKind& kind) {
  const std::pair<std::string, std::string> meanings[] = {
      {R"("type": "example")", R"("type": ")" + std::string(kind.subject_type()) + "\""},
      {R"("url": "example")", R"("url": "https://example.org/a")"},
      {R"("viewUrl": "example")", R"("viewUrl": "https://example.org/b")"},
      {R"("outcome": "example")", R"("outcome": "failure")"}};
  for (const auto& [from, to] : meanings) {
    if (const auto at = json.find(from); at != std::string::npos) {
      json.replace(at, from.size(), to);
    }
  }
  return json;
}

/// Of every released type: the example of an old one becomes a valid one of the newest, or stays
/// for a reason that is known.
TEST(Upgrade, EveryOldTypeBecomesAValidNewOne) {
  std::size_t done = 0;
  for (const EventKind& kind : Vocabulary::get().kinds()) {
    const EventKind* newest = Vocabulary::get().newest(kind.subject, kind.predicate);
    for (const Size size : {Size::minimal, Size::maximal}) {
      for (const Revision revision : {Revision::v0_4_0, Revision::v0_4_1}) {
        const std::string old = with_meaning(sample(kind, size, revision), kind);
        const auto text = upgraded(old);
        const bool stays = newest == nullptr || newest == &kind || newest->era != Era::v0_5;
        EXPECT_EQ(!text, stays) << old;
        if (!text) continue;
        ++done;
        EXPECT_EQ(violations(*text), "") << *text;
        EXPECT_NE(text->find(newest->type), std::string::npos);
        EXPECT_EQ(upgraded(*text), std::nullopt) << "twice";
      }
    }
  }
  EXPECT_GT(done, 400U);
}

}  // namespace
}  // namespace cdviz::cdevents
