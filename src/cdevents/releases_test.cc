#include "cdevents/releases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::cdevents {
namespace {

using ::testing::ElementsAre;

TEST(Releases, AKindIsInThoseThatHaveItsVersion) {
  const auto of = [](std::string_view name) { return releases_of(*find_kind(name)); };
  EXPECT_THAT(of("service.deployed.0.2.0"), ElementsAre("0.4.0", "0.4.1"));
  EXPECT_THAT(of("service.deployed.0.3.0"), ElementsAre("0.5.0", "0.5.1", "0.6.0-draft"));
  EXPECT_THAT(of("build.queued.0.1.0"), ElementsAre("0.1.0", "0.1.1", "0.1.2"));
  EXPECT_THAT(of("approval.created"), ElementsAre("0.6.0-draft"));
}

TEST(Releases, AreFoundByEveryNameThatPeopleGiveThem) {
  EXPECT_EQ(parse_release("0.5.1"), Release::v0_5);
  EXPECT_EQ(parse_release("v0.5.0"), Release::v0_5);
  EXPECT_EQ(parse_release("0.4"), Release::v0_4);
  EXPECT_EQ(parse_release("0.1"), Release::v0_1_2);
  EXPECT_EQ(parse_release("main"), Release::next);
  EXPECT_EQ(parse_release("0.6"), Release::next);
  for (const char* text : {"", "0", "0.", ".", "v", "0.9.0", "1.0", "0.5.1.2", "latest"}) {
    EXPECT_EQ(parse_release(text), std::nullopt) << text;
  }
}

TEST(Releases, AKindIsFoundByItsLongAndItsShortName) {
  EXPECT_EQ(find_kind("dev.cdevents.service.deployed.0.2.0")->version, "0.2.0");
  EXPECT_EQ(find_kind("service.deployed.0.2.0")->version, "0.2.0");
  EXPECT_EQ(find_kind("service.deployed")->version, "0.3.0");
  EXPECT_EQ(find_kind("approval.created")->version, "0.1.0");
  EXPECT_EQ(find_kind("service", "deployed", Release::v0_3_0)->version, "0.1.1");
  EXPECT_EQ(find_kind("testcase", "queued", Release::v0_5), nullptr);
  for (const char* text :
       {"", "service", ".", "service.", "service.deploy", "a.b.c", "dev.cdevents."}) {
    EXPECT_EQ(find_kind(text), nullptr) << text;
  }
}

TEST(Releases, TheEraOfACustomEventIsInItsContext) {
  EXPECT_EQ(era_of("dev.cdevents.service.deployed.0.2.0", ""), Era::v0_4);
  EXPECT_EQ(era_of("dev.cdeventsx.a-b.c.0.1.0", R"({"context":{"version":"0.4.1"}})"), Era::v0_4);
  EXPECT_EQ(era_of("dev.cdeventsx.a-b.c.0.1.0", R"({"context":{"specversion":"1"}})"), Era::v0_5);
  EXPECT_EQ(era_of("dev.cdevents.service.deployed.9.9.9", "{}"), std::nullopt);
}

TEST(Releases, TheVocabularyIsOneRowForEachSubjectAndPredicate) {
  const auto rows = type_rows();
  ASSERT_EQ(rows.size(), 53U);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < kReleases; ++i) {
      const auto dot = row.name.find('.');
      EXPECT_EQ(row.kinds[i], find_kind(row.name.substr(0, dot), row.name.substr(dot + 1),
                                        static_cast<Release>(i)));
    }
  }
}

}  // namespace
}  // namespace cdviz::cdevents
