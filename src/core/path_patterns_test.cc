#include "core/path_patterns.h"

#include <string>

#include <gtest/gtest.h>

namespace cdviz {
namespace {

bool matches(std::vector<std::string> patterns, std::string_view path) {
  const auto made = PathPatterns::parse(patterns);
  EXPECT_TRUE(made) << patterns.front();
  return made && made->matches(path);
}

TEST(PathPatterns, AStarStaysWithinAFolderAndTwoDoNot) {
  EXPECT_TRUE(matches({"*.json"}, "a.json"));
  EXPECT_FALSE(matches({"*.json"}, "d/a.json"));
  EXPECT_FALSE(matches({"*.json"}, "a.jsonl"));
  EXPECT_TRUE(matches({"**/*.json"}, "a.json"));
  EXPECT_TRUE(matches({"**/*.json"}, "d/e/a.json"));
  EXPECT_TRUE(matches({"d/**/a"}, "d/a"));
  EXPECT_TRUE(matches({"d/**/a"}, "d/x/y/a"));
  EXPECT_FALSE(matches({"d/**/a"}, "da"));
  EXPECT_TRUE(matches({"d/**"}, "d/x/y"));
  EXPECT_FALSE(matches({"d/**"}, "d"));
  EXPECT_TRUE(matches({"d/"}, "d/x/y"));
  EXPECT_TRUE(matches({"**"}, "x"));
  EXPECT_TRUE(matches({"/d/./*"}, "d/x"));
  EXPECT_TRUE(matches({"*a*b*"}, "xxaxxabx"));
  EXPECT_FALSE(matches({"*a*b"}, "xxaxxabx"));
  EXPECT_TRUE(matches({"a/**/b/**/c"}, "a/b/x/b/y/c"));
}

TEST(PathPatterns, OneCharacterSetsBracesAndEscapes) {
  EXPECT_TRUE(matches({"a?c"}, "abc"));
  EXPECT_TRUE(matches({"a?c"},
                      "a\xC3\xA9"
                      "c"));
  EXPECT_TRUE(matches({"a?c"},
                      "a\xff"
                      "c"));
  EXPECT_FALSE(matches({"a?c"}, "ac"));
  EXPECT_TRUE(matches({"[a-c0]x"}, "bx"));
  EXPECT_TRUE(matches({"[!a-c]x"}, "dx"));
  EXPECT_FALSE(matches({"[^a-c]x"}, "ax"));
  EXPECT_TRUE(matches({"[]]x"}, "]x"));
  EXPECT_TRUE(matches({"[a-]x"}, "-x"));
  EXPECT_TRUE(matches({"*.{json,jsonl}{,.gz}"}, "a.jsonl.gz"));
  EXPECT_TRUE(matches({"{a,b{c,d}}/x"}, "bd/x"));
  EXPECT_FALSE(matches({"*.{json,jsonl}"}, "a.xml"));
  EXPECT_TRUE(matches({"\\*\\{[{]"}, "*{{"));
}

TEST(PathPatterns, WhatIsLeftOutIsWhateverElseMatches) {
  EXPECT_FALSE(matches({"**/*.json", "!**/tmp/**"}, "a/tmp/x.json"));
  EXPECT_FALSE(matches({"!**/tmp/**", "**/*.json"}, "tmp/x.json"));
  EXPECT_TRUE(matches({"!*.tmp"}, "x.json"));
  EXPECT_FALSE(matches({"!*.tmp"}, "x.tmp"));
  EXPECT_TRUE(PathPatterns().matches("anything"));
}

TEST(PathPatterns, AFolderThatIsLeftOutNeedNotBeLookedInto) {
  const auto made = PathPatterns::parse({"**/*.json", "!**/tmp/**", "!x/*", "!y/**/a"});
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->leaves_out_folder("tmp"));
  EXPECT_TRUE(made->leaves_out_folder("a/tmp/b"));
  EXPECT_FALSE(made->leaves_out_folder("a"));
  EXPECT_FALSE(made->leaves_out_folder("x"));
  EXPECT_FALSE(made->leaves_out_folder("y"));
}

TEST(PathPatterns, WhatIsWrongIsSaid) {
  for (const std::vector<std::string>& patterns :
       std::vector<std::vector<std::string>>{{""},
                                             {"!"},
                                             {"a[b"},
                                             {"a{b"},
                                             {"{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"},
                                             {std::string(2000, 'a')},
                                             std::vector<std::string>(1001, "a")}) {
    const auto made = PathPatterns::parse(patterns);
    ASSERT_FALSE(made) << patterns.front();
    EXPECT_EQ(made.error().fault, Fault::stop);
  }
}

TEST(PathPatterns, NoPatternTakesLong) {
  std::string pattern, path;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  for (int i = 0; i < 60; ++i) pattern += "/**/*a";
  for (int i = 0; i < 1000; ++i) path += "aaaaaaaaaaaaaaaa/";
  EXPECT_FALSE(matches({pattern + "/b"}, path));
}

}  // namespace
}  // namespace cdviz
