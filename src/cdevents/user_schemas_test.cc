#include "cdevents/user_schemas.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cdviz::cdevents {
namespace {

UserSchemas::Entry entry(std::string type, std::string schema_uri, std::string json,
                         std::string name = "s.json") {
  std::string uri = "file:///" + name;
  return {
      std::move(type), std::move(schema_uri), {std::move(name), std::move(uri), std::move(json)}};
}

UserSchemas made(std::vector<UserSchemas::Entry> entries) {
  auto compiled = UserSchemas::compile(std::move(entries));
  if (const auto* wrong = std::get_if<std::vector<JsonSchemas::Mistake>>(&compiled)) {
    for (const auto& one : *wrong) ADD_FAILURE() << one.message;
  }
  return std::move(std::get<UserSchemas>(compiled));
}

std::size_t problems(const UserSchemas& schemas, std::string_view type,
                     std::optional<std::string_view> uri = {}) {
  simdjson::dom::parser parser;
  const auto root = parser.parse(std::string(R"({"a":1})")).value();
  std::vector<Problem> found;
  schemas.validate(type, uri, root, found);
  return found.size();
}

TEST(UserSchemas, ASchemaLooksAtEventsOfItsTypeOnly) {
  const auto schemas = made({entry("dev.cdeventsx.a-b.c.*", "", "false")});
  EXPECT_EQ(problems(schemas, "dev.cdeventsx.a-b.c.1.0.0"), 1U);
  EXPECT_EQ(problems(schemas, "dev.cdeventsx.a-b.d.1.0.0"), 0U);
}

TEST(UserSchemas, OrOfItsSchemaUriOnlyOrOfBoth) {
  const auto schemas =
      made({entry("", "https://a/1", "false"), entry("t", "https://a/2", "false")});
  EXPECT_EQ(problems(schemas, "x"), 0U);
  EXPECT_EQ(problems(schemas, "x", "https://a/1"), 1U);
  EXPECT_EQ(problems(schemas, "x", "https://a/2"), 0U);
  EXPECT_EQ(problems(schemas, "t", "https://a/2"), 1U);
  EXPECT_EQ(problems(schemas, "t"), 0U);
}

TEST(UserSchemas, AllThatAreSelectedMustHoldAndOneThatSelectsNothingIsForTheOthers) {
  const auto schemas = made({entry("*", "", R"({"required":["b"]})"),
                             entry("t", "", R"({"$ref":"base.json"})", "t.json"),
                             entry("", "", R"({"required":["c"]})", "base.json")});
  EXPECT_EQ(problems(schemas, "t"), 2U);
  EXPECT_EQ(problems(schemas, "x"), 1U);
}

TEST(UserSchemas, AMistakeNamesTheEntry) {
  auto compiled = UserSchemas::compile({entry("*", "", "true"), entry("*", "", "7", "seven.json")});
  const auto& wrong = std::get<std::vector<JsonSchemas::Mistake>>(compiled);
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_EQ(wrong[0].text, 1U);
}

TEST(UserSchemas, WildcardsTakeAnyCharacters) {
  EXPECT_TRUE(matches_wildcards("abc", "abc"));
  EXPECT_TRUE(matches_wildcards("*", ""));
  EXPECT_TRUE(matches_wildcards("a*c", "abbbc"));
  EXPECT_TRUE(matches_wildcards("a*b*c", "axbxbxc"));
  EXPECT_TRUE(matches_wildcards("*.x.*", "a.x.b"));
  EXPECT_TRUE(matches_wildcards("a**", "a"));
  EXPECT_FALSE(matches_wildcards("abc", "abcd"));
  EXPECT_FALSE(matches_wildcards("abcd", "abc"));
  EXPECT_FALSE(matches_wildcards("a*c", "abcd"));
  EXPECT_FALSE(matches_wildcards("", "a"));
  EXPECT_FALSE(matches_wildcards("a*b*c", "acb"));
  const std::string many(20'000, 'a');
  EXPECT_FALSE(matches_wildcards("*a*a*a*a*a*a*a*b", many)) << "and in no time";
}

}  // namespace
}  // namespace cdviz::cdevents
