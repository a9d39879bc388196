#include "activity/path_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::activity {
namespace {

/// "name=value,…" of a match, or "no".
std::string matched(std::string_view pattern, std::string_view path) {
  const auto parsed = PathPattern::parse(pattern);
  if (!parsed) return "wrong: " + parsed.error().message;
  const auto facts = parsed->match(path);
  if (!facts) return "no";
  std::string text;
  for (const auto& [name, value] : *facts) text += (text.empty() ? "" : ",") + name + "=" + value;
  return text;
}

TEST(PathPattern, NamedPartsStayWithinTheirSegment) {
  EXPECT_EQ(matched("{name}/{version}/*.tar.gz", "shop/1.2.3/shop.tar.gz"),
            "name=shop,version=1.2.3");
  EXPECT_EQ(matched("{name}/{version}/*.tar.gz", "shop/1.2.3/x/shop.tar.gz"), "no");
  EXPECT_EQ(matched("{name}/{version}/*.tar.gz", "shop/1.2.3/shop.tar.gz.part"), "no");
  EXPECT_EQ(matched("{name}/{version}/*.tar.gz", "old/shop/1.2.3/shop.tar.gz"), "no");
}

TEST(PathPattern, TwoStarsGoAcrossSegments) {
  EXPECT_EQ(matched("{group**}/{name}/{version}/*.jar", "org/acme/shop/2/shop-2.jar"),
            "group=org/acme,name=shop,version=2");
  EXPECT_EQ(matched("**/{name}.zip", "a.zip"), "name=a");
  EXPECT_EQ(matched("**/{name}.zip", "x/y/a.zip"), "name=a");
  EXPECT_EQ(matched("{name}/**", "a/b/c"), "name=a");
  EXPECT_EQ(matched("x**/{name}", "x1/2/n"), "name=n");
}

TEST(PathPattern, TheFirstPartTakesAsMuchAsItCan) {
  EXPECT_EQ(matched("{name}-{version}.tgz", "my-app-1.0.tgz"), "name=my-app,version=1.0");
  EXPECT_EQ(matched("^(?P<name>.+?)-(?P<version>v?\\d[^/]*)\\.tgz$", "my-app-1.0-rc1.tgz"),
            "name=my-app,version=1.0-rc1");
}

TEST(PathPattern, OtherCharactersMeanThemselves) {
  EXPECT_EQ(matched("a.b+(c)/{name}", "a.b+(c)/n"), "name=n");
  EXPECT_EQ(matched("a.b", "aXb"), "no");
  EXPECT_EQ(matched("{{x}}/{name}", "{x}/n"), "name=n");
  EXPECT_EQ(matched("?/{name}", "\xC3\xA9/n"), "name=n");
  EXPECT_EQ(matched("\xC3\xA9/{name}", "\xC3\xA9/n"), "name=n");
  EXPECT_EQ(matched("{name}", "line\nline"), "name=line\nline");
}

TEST(PathPattern, AGroupThatTookNoPartIsEmpty) {
  EXPECT_EQ(matched("^(?P<name>[a-z]+)(?:-(?P<version>\\d+))?$", "app"), "name=app,version=");
}

TEST(PathPattern, SaysWhatIsWrong) {
  for (const auto* pattern : {"", "{name", "name}", "{}", "{1a}", "{na me}", "^(", "{a}/{a}"}) {
    EXPECT_THAT(matched(pattern, "x"), testing::StartsWith("wrong: ")) << pattern;
  }
  EXPECT_THAT(matched(std::string(5000, 'a'), "x"), testing::StartsWith("wrong: "));
}

TEST(PathPattern, NoneMatchesEverything) {
  EXPECT_EQ(PathPattern().match("anything"), Facts{});
  EXPECT_TRUE(PathPattern().names().empty());
}

TEST(PathPattern, HostilePathsTakeNoTime) {
  const auto pattern = PathPattern::parse("{a**}x{b**}x{c**}x{d**}y");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->match(std::string(100'000, 'x')), std::nullopt);
}

}  // namespace
}  // namespace cdviz::activity
