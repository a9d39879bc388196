#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "net/options.h"
#include "web/api/options.h"

namespace cdviz::web::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const config::Catalogue& catalogue() {
  static const std::array kSections{
      config::Section{"http", "The server.", net::http_options()},
      config::Section{"dashboard", "The dashboard.", dashboard_options()}};
  static const config::Catalogue kCatalogue{.sections = kSections, .sources = {}, .sinks = {}};
  return kCatalogue;
}

struct Read {
  DashboardSettings settings;
  std::vector<std::string> problems;
};

Read read(const std::string& toml) {
  const auto config = config::load({.built_in = {{"test", toml}}}, catalogue());
  Read result{settings_from(config.section("dashboard"), config.section("http")), {}};
  for (const auto& mistake : config.mistakes()) result.problems.push_back(to_string(mistake));
  return result;
}

constexpr const char* kUrl = "url = \"postgresql://reader@db/cdviz\"\n";

TEST(DashboardOptions, AreAValidTable) {
  EXPECT_EQ(config::mistakes_of(catalogue()), std::vector<std::string>{});
}

TEST(DashboardOptions, WithoutAnyItIsForThisMachineAndHasNoDatabase) {
  const auto [settings, problems] = read("");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_FALSE(settings.access.is_protected());
  EXPECT_EQ(settings.api.database.url, "");
  EXPECT_EQ(settings.api.database.statement_timeout, std::chrono::seconds(5));
}

TEST(DashboardOptions, OpenToOthersItNeedsToKnowWhoAsks) {
  for (const auto* host : {"0.0.0.0", "::", "192.0.2.1", "collector.example.com"}) {
    const auto http = std::string("[http]\nhost = \"") + host + "\"\n[dashboard]\n" + kUrl;
    EXPECT_THAT(read(http).problems, ElementsAre(HasSubstr("say who may see it"))) << host;
    EXPECT_THAT(read(http + "tokens = [\"a long enough token\"]").problems, IsEmpty());
    EXPECT_THAT(read(http + "users.ann.password = \"a password\"").problems, IsEmpty());
    EXPECT_THAT(read(http + "proxy.header = \"X-Forwarded-User\"").problems, IsEmpty());
    EXPECT_THAT(read(http + "local_only = true").problems, IsEmpty());
  }
  EXPECT_THAT(read("[http]\nhost = \"::1\"\n[dashboard]\n" + std::string(kUrl)).problems,
              IsEmpty());
  // Without a database there is nothing to guard but what this machine alone is shown.
  EXPECT_THAT(read("[http]\nhost = \"0.0.0.0\"").problems, IsEmpty());
}

TEST(DashboardOptions, WeakOrContradictingProtectionIsAMistake) {
  const std::string head = "[dashboard]\n";
  EXPECT_THAT(read(head + "tokens = [\"short\"]").problems, ElementsAre(HasSubstr("shorter")));
  EXPECT_THAT(read(head + "users.ann.password = \"short\"").problems,
              ElementsAre(HasSubstr("shorter")));
  EXPECT_THAT(read(head + "users.\"a:b\".password = \"long enough\"").problems,
              ElementsAre(HasSubstr("colon")));
  EXPECT_THAT(read(head + "proxy.addresses = [\"10.0.0.1\"]").problems,
              ElementsAre(HasSubstr("header")));
  EXPECT_THAT(read(head + "local_only = true\ntokens = [\"long enough\"]").problems,
              ElementsAre(HasSubstr("local_only")));
}

TEST(DashboardOptions, ASecretIsNotInAMistake) {
  const auto problems = read("[dashboard]\nurl = \"postgresql://u:hunter2@[broken\"").problems;
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems.front(), testing::Not(HasSubstr("hunter2")));
}

TEST(DashboardOptions, TheNameOfTheRootUrlIsAHost) {
  EXPECT_THAT(read("[http]\nroot_url = \"https://dash.example:8443/x\"").settings.access.hosts,
              ElementsAre("dash.example"));
  EXPECT_THAT(read("[http]\nroot_url = \"https://[2001:db8::1]:8443\"").settings.access.hosts,
              ElementsAre("[2001:db8::1]"));
}

}  // namespace
}  // namespace cdviz::web::api
