#include "parsers/split.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::parsers {
namespace {

using Form = Documents::Form;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Split, OneObjectIsOneDocumentWithoutTheSpaceAroundIt) {
  for (const auto framing : {Framing::automatic, Framing::json}) {
    const auto documents = split(" {\"a\" : 1.0 }\r\n", framing);
    EXPECT_EQ(documents.form, Form::single);
    EXPECT_THAT(documents.parts, ElementsAre("{\"a\" : 1.0 }"));
  }
}

TEST(Split, TheElementsOfAnArrayKeepTheirBytes) {
  const auto documents =
      split(R"( [ {"a": "]},[\"{", "b":[1,{}]} ,2, "x,]" ,null,[ ] ] )", Framing::json);
  EXPECT_EQ(documents.form, Form::array);
  EXPECT_THAT(documents.parts,
              ElementsAre(R"({"a": "]},[\"{", "b":[1,{}]})", "2", R"("x,]")", "null", "[ ]"));
}

TEST(Split, AnEmptyArrayHasNoDocuments) {
  const auto documents = split("[ ]\n", Framing::automatic);
  EXPECT_EQ(documents.form, Form::array);
  EXPECT_THAT(documents.parts, IsEmpty());
}

TEST(Split, AnArrayThatIsNotOneIsKeptWhole) {
  for (const std::string body : {"[", "[{}", "[{},]", "[,{}]", "[{}]{}", "[{}] x", "[{]}]", "[\"a]",
                                 "[{\"a\":\"\\", "[{} {}]", "[:]", "[}", "[]]", "[1:2]", "[]  ,"}) {
    const auto documents = split(body, Framing::json);
    EXPECT_EQ(documents.form, Form::malformed) << body;
    EXPECT_THAT(documents.parts, ElementsAre(body)) << body;
  }
}

TEST(Split, NonsenseInsideOneElementIsLeftToTheInlet) {
  const auto documents = split(R"([{"a" 1},{"b":2}])", Framing::json);
  EXPECT_EQ(documents.form, Form::array);
  EXPECT_THAT(documents.parts, ElementsAre(R"({"a" 1})", R"({"b":2})"));
}

TEST(Split, EachLineThatIsNotEmptyIsADocument) {
  const auto documents = split("{\"a\":1}\r\n\n  \nnonsense\n[1]", Framing::lines);
  EXPECT_EQ(documents.form, Form::lines);
  EXPECT_THAT(documents.parts, ElementsAre("{\"a\":1}", "nonsense", "[1]"));
}

TEST(Split, LinesAreRecognisedWhenTheSenderDoesNotSay) {
  EXPECT_THAT(split("{\"a\":1}\n{\"b\":2}\n", Framing::automatic).parts,
              ElementsAre("{\"a\":1}", "{\"b\":2}"));
  // The same under application/json is one text with something behind it: not JSON.
  EXPECT_EQ(split("{\"a\":1}\n{\"b\":2}\n", Framing::json).form, Form::single);
}

TEST(Split, WhatIsNotOneValueALineIsNotTakenForLines) {
  EXPECT_EQ(split("{\"a\":\n1}\n{\"b\":2}", Framing::automatic).form, Form::single);
  EXPECT_EQ(split("{\"a\":1} {\"b\":2}", Framing::automatic).form, Form::single);
  EXPECT_EQ(split("{\"a\":1", Framing::automatic).form, Form::single);
}

TEST(Split, NothingButWhiteSpaceIsEmpty) {
  for (const auto framing : {Framing::automatic, Framing::json, Framing::lines}) {
    EXPECT_EQ(split(" \r\n\t", framing).form, Form::empty);
    EXPECT_EQ(split("\xEF\xBB\xBF", framing).form, Form::empty);
  }
}

TEST(Split, AByteOrderMarkIsLeftOut) {
  EXPECT_THAT(split("\xEF\xBB\xBF{}", Framing::json).parts, ElementsAre("{}"));
  EXPECT_THAT(split("\xEF\xBB\xBF[{}]", Framing::json).parts, ElementsAre("{}"));
}

TEST(Split, MoreDocumentsThanTheLimitAreRefusedAsAWhole) {
  EXPECT_EQ(split("[1,2,3]", Framing::json, 3).form, Form::array);
  EXPECT_EQ(split("[1,2,3,4]", Framing::json, 3).form, Form::too_many);
  EXPECT_EQ(split("1\n2\n3\n", Framing::lines, 3).form, Form::lines);
  EXPECT_EQ(split("1\n2\n3\n4", Framing::lines, 3).form, Form::too_many);
  EXPECT_THAT(split("1\n2\n3\n4", Framing::lines, 3).parts, IsEmpty());
}

TEST(Split, AVeryDeepElementDoesNotTakeItsNeighboursDown) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  const auto documents = split("[{}," + deep + ",{}]", Framing::json);
  EXPECT_EQ(documents.form, Form::array);
  EXPECT_EQ(documents.parts.size(), 3U);
}

}  // namespace
}  // namespace cdviz::parsers
