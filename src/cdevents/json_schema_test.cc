// One table for each keyword: a schema, what is valid by it, what is not.
#include "cdevents/json_schema.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"

namespace cdviz::cdevents {
namespace {

using ::testing::HasSubstr;
using Texts = std::vector<std::string>;

std::vector<JsonSchemas::Text> named(const Texts& jsons) {
  std::vector<JsonSchemas::Text> texts;
  for (std::size_t i = 0; i < jsons.size(); ++i) {
    const std::string name = std::to_string(i) + ".json";
    texts.push_back({name, "file:///s/" + name, jsons[i]});
  }
  return texts;
}

JsonSchemas compiled(const Texts& jsons) {
  auto result = JsonSchemas::compile(named(jsons));
  if (const auto* wrong = std::get_if<std::vector<JsonSchemas::Mistake>>(&result)) {
    for (const auto& one : *wrong) ADD_FAILURE() << one.text << " " << one.message;
    return std::get<JsonSchemas>(JsonSchemas::compile(named({"true"})));
  }
  return std::get<JsonSchemas>(std::move(result));
}

std::vector<Problem> problems(const JsonSchemas& schemas, const std::string& document,
                              bool numbers = true) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  EXPECT_EQ(parser.parse(document).get(root), simdjson::SUCCESS) << document;
  std::vector<Problem> found;
  const bool valid = schemas.validate(0, root, numbers, found);
  EXPECT_EQ(valid, found.empty()) << document;
  return found;
}

/// The first schema is the one that looks at the documents.
void expect(const Texts& schemas, const Texts& valid, const Texts& invalid) {
  const auto all = compiled(schemas);
  for (const auto& document : valid) {
    for (const auto& one : problems(all, document)) {
      ADD_FAILURE() << schemas[0] << "\n" << document << "\n" << one.pointer << " " << one.message;
    }
  }
  for (const auto& document : invalid) {
    EXPECT_FALSE(problems(all, document).empty()) << schemas[0] << "\n" << document;
  }
  // Inverted the verdicts are the other ones: the way that adds no problems agrees with the other.
  if (schemas[0].find("$ref") != std::string::npos) return;
  const auto inverted = compiled({R"({"not":)" + schemas[0] + "}"});
  for (const auto& document : valid) EXPECT_EQ(problems(inverted, document).size(), 1U);
  for (const auto& document : invalid) EXPECT_TRUE(problems(inverted, document).empty());
}

/// What is wrong with the first schema, one line each.
std::string mistakes(const std::string& schema) {
  auto result = JsonSchemas::compile(named({schema}));
  std::string out;
  if (const auto* wrong = std::get_if<std::vector<JsonSchemas::Mistake>>(&result)) {
    for (const auto& one : *wrong) out += one.message + "\n";
  }
  return out;
}

TEST(JsonSchema, TrueFalseAndEmpty) {
  expect({"true"}, {"1", "null", "{}"}, {});
  expect({"{}"}, {"1", "null", "{}"}, {});
  expect({"false"}, {}, {"1", "null", "{}"});
}

TEST(JsonSchema, Type) {
  expect({R"({"type":"string"})"}, {R"("")"}, {"1", "null", "[]"});
  expect({R"({"type":"integer"})"}, {"1", "-1", "1.0", "1e2", "18446744073709551615"},
         {"1.5", R"("1")", "null"});
  expect({R"({"type":"number"})"}, {"1", "1.5"}, {R"("1")", "true"});
  expect({R"({"type":"boolean"})"}, {"true", "false"}, {"0", R"("true")"});
  expect({R"({"type":"null"})"}, {"null"}, {"0", "false", R"("")"});
  expect({R"({"type":"array"})"}, {"[]"}, {"{}"});
  expect({R"({"type":"object"})"}, {"{}"}, {"[]", "null"});
  expect({R"({"type":["string","integer"]})"}, {R"("a")", "1"}, {"1.5", "null"});
}

TEST(JsonSchema, EnumAndConst) {
  expect({R"({"enum":["a",1,null,{"x":[1]}]})"}, {R"("a")", "1.0", "null", R"({"x":[1.0]})"},
         {R"("b")", "0", "{}", "true"});
  expect({R"({"enum":[]})"}, {}, {"1"});
  expect({R"({"const":"x"})"}, {R"("x")"}, {R"("y")", "1"});
  expect({R"({"const":[false]})"}, {"[false]"}, {"[0]", "[]", "[true]"});
  expect({R"({"const":null})"}, {"null"}, {"0"});
}

TEST(JsonSchema, LengthsCountCodePoints) {
  expect({R"({"minLength":2,"maxLength":3})"}, {R"("ab")", R"("äöü")", R"("🚀🚀")", "1"},
         {R"("a")", R"("abcd")", R"("🚀")"});
  expect({R"({"maxLength":2.0})"}, {R"("ab")"}, {R"("abc")"});
}

TEST(JsonSchema, PatternIsFoundAnywhereUnlessAnchored) {
  expect({R"({"pattern":"a+"})"}, {R"("xaay")", "1"}, {R"("b")"});
  expect({R"({"pattern":"^[0-9]+$"})"}, {R"("12")"}, {R"("12\n")", R"("a1")", R"("")"});
  expect({R"({"pattern":"^\\p{L}.$"})"}, {R"("äx")", R"("x🚀")"}, {R"("1x")"});
}

TEST(JsonSchema, FormatIsAsserted) {
  expect({R"({"format":"date-time"})"}, {R"("2026-01-01T00:00:00Z")", "1"},
         {R"("2026-01-01")", R"("")"});
  expect({R"({"format":"uri"})"}, {R"("https://a/b")", R"("urn:x")"}, {R"("/a")", R"("a b")"});
  expect({R"({"format":"uri-reference"})"}, {R"("/a")", R"("")"}, {R"("a b")", R"("%zz")"});
}

TEST(JsonSchema, Bounds) {
  expect({R"({"minimum":1.5})"}, {"1.5", "2", R"("0")"}, {"1", "-3", "1.4999"});
  expect({R"({"maximum":3})"}, {"3", "3.0", "-9"}, {"4", "3.0001"});
  expect({R"({"exclusiveMinimum":0})"}, {"1", "0.1"}, {"0", "-0.0", "-1"});
  expect({R"({"exclusiveMaximum":0})"}, {"-1"}, {"0", "1"});
  expect({R"({"multipleOf":0.01})"}, {"4.35", "1", "0"}, {"4.355"});
  expect({R"({"maximum":9223372036854775807})"}, {"9223372036854775807"}, {"9223372036854775808"});
}

TEST(JsonSchema, Items) {
  expect({R"({"items":{"type":"integer"}})"}, {"[]", "[1,2]", R"({"0":"x"})"}, {R"([1,"x"])"});
  expect({R"({"prefixItems":[{"type":"integer"},{"type":"string"}]})"},
         {"[]", "[1]", R"([1,"a",null])"}, {R"(["a"])", "[1,2]"});
  expect({R"({"prefixItems":[true],"items":false})"}, {"[]", "[1]"}, {"[1,2]"});
  expect({R"({"minItems":1,"maxItems":2})"}, {"[1]", "[1,2]", "{}"}, {"[]", "[1,2,3]"});
}

TEST(JsonSchema, Contains) {
  expect({R"({"contains":{"const":1}})"}, {"[1]", "[2,1.0]", "{}"}, {"[]", "[2]"});
  expect({R"({"contains":{"const":1},"minContains":2,"maxContains":3})"}, {"[1,1]", "[1,0,1,1]"},
         {"[1]", "[1,1,1,1]"});
  expect({R"({"contains":{"const":1},"minContains":0})"}, {"[]", "[1]"}, {});
  expect({R"({"maxContains":1})"}, {"[1,1]"}, {});
}

TEST(JsonSchema, UniqueItems) {
  expect({R"({"uniqueItems":true})"},
         {"[]", "[1,2]", R"([{"a":1},{"a":2}])", "[1,true]", "[0,false,null,\"\"]"},
         {"[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])", R"(["a","b","a"])", "[[],[]]"});
  expect({R"({"uniqueItems":false})"}, {"[1,1]"}, {});
}

TEST(JsonSchema, Properties) {
  expect({R"({"properties":{"a":{"type":"string"},"b":false}})"},
         {"{}", R"({"a":"x","c":1})", "[]"}, {R"({"a":1})", R"({"b":1})"});
  expect({R"({"required":["a","b"]})"}, {R"({"a":null,"b":1,"c":2})", "[]"}, {"{}", R"({"a":1})"});
  expect({R"({"properties":{"a":true},"additionalProperties":false})"}, {"{}", R"({"a":1})"},
         {R"({"b":1})"});
  expect({R"({"properties":{"a":true},"additionalProperties":{"type":"string"}})"},
         {R"({"a":1,"b":"x"})"}, {R"({"b":1})"});
  expect({R"({"patternProperties":{"^x":{"type":"integer"},"y$":{"minimum":5}}})"},
         {R"({"x":1,"y":6,"xy":7,"a":"b"})"}, {R"({"x":"1"})", R"({"xy":1})", R"({"ay":4})"});
  expect(
      {R"({"properties":{"a":true},"patternProperties":{"^x":true},"additionalProperties":false})"},
      {R"({"a":1,"xb":1})"}, {R"({"b":1})"});
  expect({R"({"minProperties":1,"maxProperties":2})"}, {R"({"a":1})", R"({"a":1,"b":2})", "[]"},
         {"{}", R"({"a":1,"b":2,"c":3})"});
  expect({R"({"dependentRequired":{"a":["b","c"]}})"},
         {"{}", R"({"b":1})", R"({"a":1,"b":1,"c":1})"}, {R"({"a":1})", R"({"a":1,"b":1})"});
}

TEST(JsonSchema, PropertyNamesAreStrings) {
  expect({R"({"propertyNames":{"pattern":"^[a-z]+$","maxLength":3}})"},
         {"{}", R"({"abc":1})", "[]"}, {R"({"A":1})", R"({"abcd":1})"});
  expect({R"({"propertyNames":{"enum":["a",1]}})"}, {R"({"a":1})"}, {R"({"b":1})"});
  expect({R"({"propertyNames":{"type":"number"}})"}, {"{}"}, {R"({"1":1})"});
  expect({R"({"propertyNames":{"anyOf":[{"const":"a"},{"not":{"minLength":2}}]}})"},
         {R"({"a":1,"b":2})"}, {R"({"bb":1})"});
}

TEST(JsonSchema, Combinations) {
  expect({R"({"allOf":[{"minimum":1},{"maximum":3}]})"}, {"1", "3"}, {"0", "4"});
  expect({R"({"anyOf":[{"type":"string"},{"minimum":3}]})"}, {R"("a")", "3", "null"}, {"1"});
  expect({R"({"oneOf":[{"type":"integer"},{"minimum":2}]})"}, {"1", "2.5"}, {"3", "1.5"});
  expect({R"({"not":{"type":"string"}})"}, {"1"}, {R"("a")"});
  expect({R"({"if":{"properties":{"k":{"const":"a"}},"required":["k"]},)"
          R"("then":{"required":["x"]},"else":{"required":["y"]}})"},
         {R"({"k":"a","x":1})", R"({"k":"b","y":1})", R"({"y":1})"},
         {R"({"k":"a","y":1})", R"({"k":"b","x":1})"});
  expect({R"({"if":true,"then":{"const":1}})"}, {"1"}, {"2"});
  expect({R"({"if":false,"then":{"const":1}})"}, {"1", "2"}, {});
  expect({R"({"then":false,"else":false})"}, {"1"}, {});
}

TEST(JsonSchema, ReferencesWithinAFile) {
  expect({R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"integer"}}})"}, {"1"}, {R"("a")"});
  expect({R"({"$ref":"#/$defs/a","minimum":3,"$defs":{"a":{"type":"integer"}}})"}, {"3"},
         {R"("a")", "1"});
  expect({R"({"properties":{"next":{"$ref":"#"}},"required":["v"]})"},
         {R"({"v":1,"next":{"v":2}})"}, {R"({"v":1,"next":{}})"});
  expect({R"({"$defs":{"a/b~c":{"const":1},"d%e":{"const":1}},)"
          R"("allOf":[{"$ref":"#/$defs/a~1b~0c"},{"$ref":"#/$defs/d%25e"}]})"},
         {"1"}, {"2"});
  expect({R"({"properties":{"a":{"type":"string"},"b":{"$ref":"#/properties/a"}}})"},
         {R"({"b":"x"})"}, {R"({"b":1})"});
  expect({R"({"definitions":{"a":{"const":1}},"$ref":"#/definitions/a"})"}, {"1"}, {"2"});
  expect({R"({"$id":"https://x/root","$ref":"part#/$defs/b",)"
          R"("$defs":{"p":{"$id":"part","$defs":{"b":{"const":1}}}}})"},
         {"1"}, {"2"});
}

TEST(JsonSchema, ReferencesBetweenFiles) {
  expect({R"({"$ref":"https://x/defs.json#/$defs/id"})",
          R"({"$id":"https://x/defs.json","$defs":{"id":{"minLength":2}}})"},
         {R"("ab")"}, {R"("a")"});
  expect({R"({"$id":"https://x/a/main","$ref":"../defs","$defs":{"text":{"type":"string"}}})",
          R"({"$id":"https://x/defs","$ref":"a/main#/$defs/text","minLength":2})"},
         {R"("ab")"}, {R"("a")", "1"});
}

TEST(JsonSchema, APathRelativeToTheFileIsAReferenceToo) {
  expect({R"({"$ref":"1.json"})", R"({"const":1})"}, {"1"}, {"2"});
}

TEST(JsonSchema, AnnotationsRestrictNothing) {
  expect(
      {R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"t","description":"d",)"
       R"("$comment":"c","default":1,"examples":["x"],"deprecated":true,"readOnly":true,)"
       R"("contentEncoding":"base64","x-owner":"me"})"},
      {"1"}, {});
}

TEST(JsonSchema, WhatIsNotCheckedIsAMistakeThatNamesItsPlace) {
  EXPECT_EQ(mistakes(R"({"properties":{"a/b":{"unevaluatedProperties":false}}})"),
            "#/properties/a~1b/unevaluatedProperties: this keyword is not supported, and a rule "
            "that is not checked must not look as if it were; take it out\n");
  EXPECT_THAT(mistakes(R"({"$defs":{"unused":{"minlength":1}}})"), HasSubstr("#/$defs/unused"));
  EXPECT_THAT(mistakes(R"({"format":"email"})"), HasSubstr("date-time, uri, uri-reference"));
  EXPECT_THAT(mistakes(R"({"$schema":"http://json-schema.org/draft-07/schema#"})"),
              HasSubstr("other drafts"));
  EXPECT_THAT(mistakes(R"j({"pattern":"(?=x)"})j"), HasSubstr("lookahead"));
  EXPECT_THAT(mistakes(R"j({"patternProperties":{"(":true}})j"), HasSubstr("pattern"));
  EXPECT_THAT(mistakes(R"({"items":[true]})"), HasSubstr("prefixItems"));
}

TEST(JsonSchema, EveryMistakeIsToldAtOnce) {
  const auto all = mistakes(
      R"({"type":"text","enum":1,"minLength":-1,"maxItems":1.5,"minimum":"1","multipleOf":0,)"
      R"("required":"a","properties":[],"items":3,"anyOf":[],"uniqueItems":1,"$ref":"#/nowhere",)"
      R"("$id":"#x","if":[],"dependentRequired":{"a":1}})");
  for (const char* where :
       {"#/type:", "#/enum:", "#/minLength:", "#/maxItems:", "#/minimum:", "#/multipleOf:",
        "#/required:", "#/properties:", "#/items:", "#/anyOf:", "#/uniqueItems:", "#/$ref:",
        "#/$id:", "#/if:", "#/dependentRequired/a:"}) {
    EXPECT_THAT(all, HasSubstr(where));
  }
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 15) << all;
}

TEST(JsonSchema, ATextThatIsNoSchemaIsAMistake) {
  for (const char* text :
       {"", "7", "[]", "{", R"({"minimum":1e999})", R"({"minimum":99999999999999999999})",
        R"({"type":"string","type":"null"})", "\xff"}) {
    EXPECT_NE(mistakes(text), "") << text;
  }
  EXPECT_THAT(mistakes(std::string(JsonSchemas::kTextBytes + 1, ' ')), HasSubstr("at most"));
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += R"({"not":)";
  deep += "true" + std::string(200, '}');
  EXPECT_NE(mistakes(deep), "");
}

TEST(JsonSchema, TooManySchemasAreAMistake) {
  std::string all = R"({"$defs":{)";
  for (std::size_t i = 0; i <= JsonSchemas::kNodes / 2; ++i) {
    all += (i > 0 ? "," : "") + ("\"" + std::to_string(i)) + "\":{}";
  }
  all += "}}";
  ASSERT_LT(all.size(), JsonSchemas::kTextBytes);
  std::vector<JsonSchemas::Mistake> found;
  auto result = JsonSchemas::compile(named({all, all}));
  ASSERT_TRUE(std::holds_alternative<std::vector<JsonSchemas::Mistake>>(result));
  EXPECT_EQ(std::get<std::vector<JsonSchemas::Mistake>>(result).size(), 1U);
}

TEST(JsonSchema, AReferenceThatLeadsNowhereOrRoundInACircleIsAMistake) {
  EXPECT_THAT(mistakes(R"({"$ref":"https://nowhere/x"})"), HasSubstr("nothing is fetched"));
  EXPECT_THAT(mistakes(R"({"$ref":"#/title","title":"x"})"), HasSubstr("no schema stands"));
  EXPECT_THAT(mistakes(R"({"$ref":"#"})"), HasSubstr("itself"));
  EXPECT_THAT(
      mistakes(R"({"anyOf":[true,{"not":{"$ref":"#/$defs/a"}}],"$defs":{"a":{"$ref":"#"}}})"),
      HasSubstr("itself"));
  auto twice =
      JsonSchemas::compile(named({R"({"$id":"https://x/a"})", R"({"$id":"https://x/a"})"}));
  EXPECT_TRUE(std::holds_alternative<std::vector<JsonSchemas::Mistake>>(twice));
}

TEST(JsonSchema, AProblemSaysWhereWhatAndWhichSchema) {
  const auto all = compiled({R"({"properties":{"l":{"items":{"$ref":"#/$defs/id"}}},)"
                             R"("$defs":{"id":{"type":"string","minLength":2}},)"
                             R"("required":["l","a/b"]})"});
  EXPECT_EQ(problems(all, R"({"l":["ab",1,"c"]})"),
            (std::vector<Problem>{
                {"/l/1", "type", "must be a string, is an integer (schema 0.json#/$defs/id)"},
                {"/l/2", "min_length",
                 "has 1 characters, at least 2 are needed (schema 0.json#/$defs/id)"},
                {"/a~1b", "required", "is missing (schema 0.json#)"},
            }));
}

TEST(JsonSchema, ManyProblemsAreCutAtTheLimit) {
  const auto all = compiled({R"({"items":false})"});
  std::string document = "[0";
  for (int i = 0; i < 100; ++i) document += ",0";
  EXPECT_EQ(problems(all, document + "]").size(), limits::kProblems);
}

TEST(JsonSchema, NumbersThatAreNotKnownAreNotLookedAt) {
  const auto all = compiled({R"({"properties":{"n":{"minimum":5,"enum":[7]},)"
                             R"("l":{"const":[7],"uniqueItems":true},"s":{"const":"x"}}})"});
  EXPECT_TRUE(problems(all, R"({"n":0,"l":[0,0],"s":"x"})", false).empty());
  EXPECT_EQ(problems(all, R"({"n":"a","s":"y"})", false).size(), 2U);
}

TEST(JsonSchema, CombinationsThatGrowWithoutBoundAreGivenUp) {
  std::string schema = R"({"$ref":"#/$defs/0","$defs":{)";
  for (int i = 0; i < 40; ++i) {
    const auto next = std::to_string(i + 1);
    schema += "\"" + std::to_string(i) + R"(":{"allOf":[{"$ref":"#/$defs/)" + next +
              R"("},{"$ref":"#/$defs/)" + next + R"("}]},)";
  }
  schema += R"("40":true}})";
  const auto found = problems(compiled({schema}), "1");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "schema_limit");
}

TEST(JsonSchema, AWayOfManySchemasToOneValueIsGivenUp) {
  std::string schema = R"({"$ref":"#/$defs/0","$defs":{)";
  for (int i = 0; i < 5000; ++i) {
    schema += "\"" + std::to_string(i) + R"(":{"$ref":"#/$defs/)" + std::to_string(i + 1) + "\"},";
  }
  schema += R"("5000":true}})";
  const auto found = problems(compiled({schema}), "1");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "schema_limit");
}

TEST(JsonSchema, ManyEqualElementsCostNoTime) {
  std::string document = "[";
  for (int i = 0; i < 100'000; ++i) document += std::to_string(i) + ",";
  expect({R"({"uniqueItems":true})"}, {document + "-1]"}, {document + "5]"});
}

}  // namespace
}  // namespace cdviz::cdevents
