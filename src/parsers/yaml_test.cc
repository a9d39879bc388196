#include "parsers/yaml.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"
#include "parsers/yaml_scalar.h"

namespace cdviz::parsers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kBytes = 100'000;

std::string json(std::string_view yaml) {
  const auto made = yaml_to_json(yaml, kBytes);
  if (made.failed) return made.failed->code + ": " + made.failed->message;
  return made.json.empty() ? "nothing" : made.json.front();
}

TEST(Yaml, MappingsSequencesAndScalars) {
  EXPECT_EQ(json("a: 1\nb: [x, 'y', \"z\\n\"]\nc:\n- d: null\n  e: ~\n- |\n  text\n"),
            R"({"a":1,"b":["x","y","z\n"],"c":[{"d":null,"e":null},"text\n"]})");
  EXPECT_EQ(json("{\"json\": [true, 1.50, {}]}"), R"({"json":[true,1.50,{}]})");
  EXPECT_EQ(json("plain"), "\"plain\"");
  EXPECT_EQ(json(""), "nothing");
  EXPECT_EQ(json("---\n"), "null");
}

TEST(Yaml, NumbersKeepEveryDigitAndWordsStayWords) {
  EXPECT_EQ(yaml_plain_scalar("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(yaml_plain_scalar("1.10"), "1.10");
  EXPECT_EQ(yaml_plain_scalar("-0.0"), "-0.0");
  EXPECT_EQ(yaml_plain_scalar("+12e03"), "12e03");
  EXPECT_EQ(yaml_plain_scalar(".5"), "0.5");
  EXPECT_EQ(yaml_plain_scalar("5."), "5.0");
  EXPECT_EQ(yaml_plain_scalar("0xfF"), "255");
  EXPECT_EQ(yaml_plain_scalar("0o17"), "15");
  EXPECT_EQ(yaml_plain_scalar("True"), "true");
  for (const auto* word : {"1.10.0",
                           "007",
                           "no",
                           "yes",
                           "on",
                           ".inf",
                           "-.INF",
                           ".nan",
                           "0x",
                           "0x-1",
                           "0xfffffffffffffffff",
                           "1e",
                           "-",
                           "+",
                           ".",
                           "1_000",
                           "12:30",
                           "<<",
                           "tRue",
                           "2023-03-20",
                           "1e+",
                           "0o8",
                           "--1"}) {
    EXPECT_EQ(yaml_plain_scalar(word), '"' + std::string(word) + '"');
  }
}

TEST(Yaml, QuotesAndTagsDecide) {
  EXPECT_EQ(json("['1', !!str 2, !!int '3', !custom 4, !!binary aGk=]"),
            R"(["1","2",3,"4","aGk="])");
}

TEST(Yaml, AliasesStandForWhatTheyName) {
  EXPECT_EQ(json("a: &x [1, &y {b: 2}]\nc: *x\nd: *y\n&k e: *k\n<<: *y\n"),
            R"({"a":[1,{"b":2}],"c":[1,{"b":2}],"d":{"b":2},"e":"e","<<":{"b":2}})");
  EXPECT_THAT(json("a: *x"), HasSubstr("stands for nothing"));
  EXPECT_THAT(json("a: &x [*x]"), HasSubstr("within what it stands for"));
}

TEST(Yaml, ABombOfAliasesDoesNotGoOff) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(json(bomb), HasSubstr("too_large"));
}

TEST(Yaml, DepthHasALimit) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(json(nested(limits::kJsonDepth)), nested(limits::kJsonDepth));
  EXPECT_THAT(json(nested(limits::kJsonDepth + 2)), HasSubstr("too_deep"));
  EXPECT_THAT(json(nested(50'000)), HasSubstr("too_deep"));
}

TEST(Yaml, WhatIsBrokenSpoilsNothingBeforeIt) {
  const auto made = yaml_to_json("a: 1\n---\nb: 2\n---\n[c", kBytes);
  EXPECT_THAT(made.json, ElementsAre(R"({"a":1})", R"({"b":2})"));
  ASSERT_TRUE(made.failed);
  EXPECT_EQ(made.failed->code, "yaml");
}

TEST(Yaml, WhatIsNoJsonIsRefused) {
  EXPECT_THAT(json("a: 1\na: 2"), HasSubstr("a key twice"));
  EXPECT_THAT(json("? [a]\n: 1"), HasSubstr("a key is a mapping"));
  EXPECT_THAT(json("a: \xff"), HasSubstr("yaml: "));
  EXPECT_THAT(json(std::string_view("a: \0", 4)), HasSubstr("yaml: "));
}

}  // namespace
}  // namespace cdviz::parsers
