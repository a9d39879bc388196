// From [sources.NAME] to the rules of its documents, with the catalogue of the program.
#include "commands/source_rules.h"

#include <gtest/gtest.h>

#include "registry/registry.h"

namespace cdviz::commands {
namespace {

constexpr const char* kSource = R"(
[sources.ci.extractor]
type = "webhook"
id = "000"
headers.x = { type = "exists" }
)";

struct SourceRules : ::testing::Test {
  cdevents::Rules rules(const std::string& more) {
    config = config::load({.built_in = {{"test", kSource + more}}}, registry::catalogue());
    for (const auto& mistake : config.mistakes()) ADD_FAILURE() << config::to_string(mistake);
    const auto http = config.section("http");
    return rules_of(config.sources().at(0), root_url_of(http, 8080), nullptr);
  }
  config::Config config;
};

TEST_F(SourceRules, WithoutAnyWordEventsAreReportedAndMended) {
  const auto given = rules("");
  const cdevents::Rules defaults;
  EXPECT_EQ(given.policy, defaults.policy);
  EXPECT_TRUE(given.normalisation.fill_source && given.normalisation.fill_time &&
              given.normalisation.fill_id && given.normalisation.drop_nulls &&
              given.normalisation.lenient_timestamps && given.normalisation.one_spec_version);
  EXPECT_FALSE(given.normalisation.upgrade);
  EXPECT_EQ(given.default_source, "http://127.0.0.1:8080/?source=ci");
}

TEST_F(SourceRules, EveryKeyTurnsItsOwnRule) {
  EXPECT_EQ(rules("[sources.ci]\nvalidation = \"strict\"").policy, cdevents::Policy::strict);
  EXPECT_EQ(rules("[sources.ci]\nvalidation = \"off\"").policy, cdevents::Policy::off);
  const auto off = [&](const std::string& key) {
    const auto n = rules("[sources.ci.normalise]\n" + key + " = false").normalisation;
    return std::array{n.fill_source, n.fill_time, n.fill_id, n.drop_nulls, n.lenient_timestamps};
  };
  EXPECT_EQ(off("fill_source"), (std::array{false, true, true, true, true}));
  EXPECT_EQ(off("fill_time"), (std::array{true, false, true, true, true}));
  EXPECT_EQ(off("fill_id"), (std::array{true, true, false, true, true}));
  EXPECT_EQ(off("drop_nulls"), (std::array{true, true, true, false, true}));
  EXPECT_EQ(off("lenient_timestamps"), (std::array{true, true, true, true, false}));
  EXPECT_FALSE(
      rules("[sources.ci.normalise]\none_spec_version = false").normalisation.one_spec_version);
  EXPECT_TRUE(rules("[sources.ci.normalise]\nspec = \"0.5.1\"").normalisation.upgrade);
}

TEST_F(SourceRules, TheDefaultOfTheSourceIsMadeOfTheRootUrlAsTheExistingCollectorDoes) {
  EXPECT_EQ(rules("[http]\nroot_url = \"https://events.example.com\"").default_source,
            "https://events.example.com/?source=ci");
  EXPECT_EQ(rules("[http]\nroot_url = \"https://events.example.com/\"").default_source,
            "https://events.example.com/?source=ci");
}

TEST_F(SourceRules, AChangeOfThemChangesTheFingerprint) {
  const auto fingerprint = [&](const std::string& more) {
    rules(more);
    return config.sources().at(0).common.fingerprint();
  };
  EXPECT_EQ(fingerprint(""), fingerprint("[sources.ci]\nvalidation = \"report\""));
  EXPECT_NE(fingerprint(""), fingerprint("[sources.ci]\nvalidation = \"strict\""));
  EXPECT_NE(fingerprint(""), fingerprint("[sources.ci.normalise]\nfill_id = false"));
}

TEST_F(SourceRules, AUrlIsMadeOfWhatIsListenedOn) {
  rules("[http]\nhost = \"::\"");
  EXPECT_EQ(root_url_of(config.section("http"), 80), "http://localhost:80");
  rules("[http]\nhost = \"::1\"\ntls = { certificate = \"c\", key = \"k\" }");
  EXPECT_EQ(root_url_of(config.section("http"), 0), "https://[::1]");
}

}  // namespace
}  // namespace cdviz::commands
