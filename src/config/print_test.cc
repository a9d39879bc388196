#include "config/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/test_catalogue.h"

namespace cdviz::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr auto kToml = R"(
[http]
host = "a\"b\\c\u0001$$d"
timeout = "90s"
tls.certificate = "c.pem"
[sources.w.extractor]
type = "webhook"
id = "https://user:hunter2@example.com/?a=@"
keys = ["hunter2", "hunter2"]
headers."X \"A\" $é" = { type = "t", token = "hunter2" }
metadata = { "a $b" = [1, 2.5, { c = true }], d = "${HOME}" }
[[sources.w.extractor.users]]
name = "n"
password = "hunter2"
[[sources.w.extractor.users]]
name = "m"
password = "hunter2"
[sources.v.extractor]
type = "webhook"
id = "v"
signs = { separator = ":" }
[sinks.db]
type = "database"
url = "hunter2"
from = "now"
enabled = false
)";

Input input(std::string text) {
  Input input;
  input.built_in = {{"c.toml", std::move(text)}};
  input.environment = {{"HOME", "/ho$me"}, {"CDVIZ_COLLECTOR__HTTP__PORT", "81"}};
  return input;
}

TEST(Print, ShowsEachValueWithItsOrigin) {
  const auto text = print(load(input(kToml), testing::catalogue()), testing::catalogue());
  EXPECT_THAT(
      text,
      HasSubstr(
          "port = 81                                 # environment CDVIZ_COLLECTOR__HTTP__PORT\n"));
  EXPECT_THAT(text, HasSubstr("keep_alive = true                         # default\n"));
  EXPECT_THAT(text, HasSubstr("timeout = \"90s\"                           # c.toml:4:11\n"));
  EXPECT_THAT(text, HasSubstr("[sinks.db]\ntype = \"database\""));
}

TEST(Print, NeverShowsASecret) {
  const auto text = print(load(input(kToml), testing::catalogue()), testing::catalogue());
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, HasSubstr("url = \"***\""));
  EXPECT_THAT(text, HasSubstr("keys = [\"***\", \"***\"]"));
  EXPECT_THAT(text, HasSubstr("id = \"https://user:***@example.com/?a=@\""));
}

TEST(Print, IsTheSameConfigurationAgain) {
  const auto& catalogue = testing::catalogue();
  const auto text = print(load(input(kToml), catalogue), catalogue);
  auto again_input = input(text);
  again_input.environment.clear();
  const auto again = load(again_input, catalogue);
  for (const auto& mistake : again.mistakes()) ADD_FAILURE() << to_string(mistake) << '\n' << text;
  // Secrets are equal from the second time on.
  const auto third = load(input(print(again, catalogue)), catalogue);
  ASSERT_EQ(again.sources().size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again.sources()[i].options.fingerprint(), third.sources()[i].options.fingerprint());
  }
  EXPECT_EQ(again.section("http").text("host"), "a\"b\\c\x01$d");
  EXPECT_EQ(again.sources()[1].options.free_table("metadata"),
            R"({"a $b":[1,2.5E0,{"c":true}],"d":"/ho$me"})");
  EXPECT_EQ(again.sources()[0].options.table("signs").text("separator"), ":");
  EXPECT_FALSE(again.sinks()[0].enabled);
}

TEST(Print, ThePathOfASettingCannotLeaveTheComment) {
  auto one = input("");
  one.settings = {"http.host='x'"};
  one.built_in[0] = {"a\nb = 1", "http.host = 'y'"};
  one.settings.clear();
  EXPECT_THAT(print(load(one, testing::catalogue()), testing::catalogue()),
              HasSubstr("# a?b = 1:1:13\n"));
}

}  // namespace
}  // namespace cdviz::config
