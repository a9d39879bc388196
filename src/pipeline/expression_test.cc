// Conditions on attributes, as CloudEvents SQL has them.
#include "pipeline/expression.h"

#include <gtest/gtest.h>

namespace cdviz::pipeline {
namespace {

EventData event() {
  return {.source = "/ci/jöb",
          .id = "e 1",
          .type = "dev.cdevents.service.deployed.0.2.0",
          .timestamp = "2024-05-06T07:08:09Z",
          .subject_id = "shop/cart_1",
          .json = "{}",
          .headers = {{"ce-team", "platform"}, {"X-Team", "other"}}};
}

bool holds(std::string_view text) {
  const auto expression = Expression::parse(text);
  EXPECT_TRUE(expression) << text << ": " << expression.error().message;
  return expression && expression->holds(event());
}

std::string fault(std::string_view text) {
  const auto expression = Expression::parse(text);
  EXPECT_FALSE(expression) << text;
  return expression ? "" : expression.error().message;
}

TEST(Expression, ComparesAttributesWithTexts) {
  for (const auto* text :
       {"id = 'e 1'", "'e 1' = id", "source != '/other'", "source <> \"/other\"",
        "type = 'dev.cdevents.service.deployed.0.2.0'", "subject = 'shop/cart_1'",
        "time = '2024-05-06T07:08:09Z'", "specversion = '1.0'", "team = 'platform'",
        "datacontenttype = 'application/json'", "id = id", "'a' = 'a'", "TRUE", "not (false)"}) {
    EXPECT_TRUE(holds(text)) << text;
    EXPECT_FALSE(holds("NOT (" + std::string(text) + ")")) << text;
  }
}

TEST(Expression, LikeKnowsTwoWildcards) {
  for (const auto* text :
       {"source LIKE '/ci/%'", "source LIKE '%j_b'", "source LIKE '%'", "source LIKE '/ci/jöb'",
        "subject LIKE 'shop/cart\\_1'", "subject like '%/%_1'", "id LIKE '_ _'", "'' LIKE '%%'",
        "'50%' LIKE '50\\%'", "'a\\b' LIKE 'a\\\\b'", "'aXbXc' LIKE 'a%b%c'",
        "subject NOT LIKE 'cart%'"}) {
    EXPECT_TRUE(holds(text)) << text;
  }
  for (const auto* text : {"source LIKE '/CI/%'", "source LIKE '/ci/j__b'", "id LIKE ''",
                           "'500' LIKE '50\\%'", "'ab' LIKE '_'", "'' LIKE '_'"}) {
    EXPECT_FALSE(holds(text)) << text;
  }
}

TEST(Expression, InIsAnyOfSome) {
  EXPECT_TRUE(holds("team IN ('web', 'platform')"));
  EXPECT_FALSE(holds("team IN ('web')"));
  EXPECT_TRUE(holds("team NOT IN ('web')"));
}

TEST(Expression, AndOrNotAndParentheses) {
  EXPECT_TRUE(holds("id = 'e 1' AND team = 'platform' AND TRUE"));
  EXPECT_FALSE(holds("id = 'e 1' AND team = 'web'"));
  EXPECT_TRUE(holds("id = 'x' OR team = 'web' OR type LIKE 'dev.%'"));
  EXPECT_TRUE(holds("(id = 'x' OR team = 'platform') AND NOT (source = '/x')"));
  EXPECT_TRUE(holds("NOT NOT (TRUE)"));
}

TEST(Expression, WhatIsNotThereIsNeitherEqualNorDifferent) {
  EXPECT_FALSE(holds("region = 'eu'"));
  EXPECT_FALSE(holds("region != 'eu'"));
  EXPECT_FALSE(holds("NOT (region = 'eu')"));
  EXPECT_FALSE(holds("region LIKE '%'"));
  EXPECT_FALSE(holds("region NOT IN ('eu')"));
  EXPECT_FALSE(holds("region = 'eu' AND TRUE"));
  EXPECT_TRUE(holds("region = 'eu' OR TRUE"));
  EXPECT_FALSE(holds("NOT (region = 'eu' AND TRUE)"));
  EXPECT_TRUE(holds("NOT (region = 'eu' AND FALSE)"));
  EXPECT_TRUE(holds("NOT EXISTS region"));
  EXPECT_TRUE(holds("EXISTS team"));
}

TEST(Expression, QuotesCanBeWritten) {
  EXPECT_TRUE(holds("'it\\'s' = \"it's\""));
  EXPECT_TRUE(holds("\"say \\\"x\\\"\" = 'say \"x\"'"));
}

TEST(Expression, WhatIsWrongIsToldWithItsPlace) {
  EXPECT_EQ(fault("id = 'a' AND id = 'b' OR TRUE"),
            "at byte 23: AND and OR are mixed: say with parentheses which goes first");
  EXPECT_EQ(fault("id = 'a"), "at byte 6: the text that begins here does not end");
  EXPECT_EQ(fault("NOT id = 'a'"), "at byte 5: what NOT is for must stand in parentheses");
  EXPECT_EQ(fault("id == 'a'"), "at byte 5: the name of an attribute (a-z, 0-9) is expected here");
  EXPECT_EQ(fault("Id = 'a'"), "at byte 1: the name of an attribute (a-z, 0-9) is expected here");
  EXPECT_EQ(fault("id"), "at byte 3: =, !=, LIKE or IN is expected here");
  EXPECT_EQ(fault(""), "at byte 1: the name of an attribute (a-z, 0-9) is expected here");
  EXPECT_EQ(fault("(id = 'a'"), "at byte 10: a parenthesis is not closed here");
  EXPECT_EQ(fault("id = 'a')"), "at byte 9: AND, OR or the end is expected here");
  EXPECT_EQ(fault("id IN ()"), "at byte 8: a text in quotes is expected here");
  EXPECT_EQ(fault("id LIKE source"), "at byte 9: a text in quotes is expected here");
  EXPECT_EQ(fault("id = 'a'; DROP"), "at byte 9: nothing begins with this character");
  EXPECT_EQ(fault("id < 'a'"), "at byte 4: nothing begins with this character");
}

TEST(Expression, EveryLengthHasALimit) {
  EXPECT_EQ(fault(std::string(5000, ' ')), "is longer than 4096 bytes");
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "TRUE" + std::string(depth, ')');
  };
  EXPECT_TRUE(holds(nested(32)));
  EXPECT_NE(fault(nested(1000)).find("nested too deeply"), std::string::npos);
  std::string nots;
  for (int i = 0; i < 500; ++i) nots += "NOT ";
  EXPECT_NE(fault(nots + "(TRUE)").find("nested too deeply"), std::string::npos);
  std::string list = "id IN ('0'";
  for (int i = 1; i < 101; ++i) list += ", '" + std::to_string(i) + "'";
  EXPECT_NE(fault(list + ")").find("IN takes 100 texts"), std::string::npos);
}

}  // namespace
}  // namespace cdviz::pipeline
