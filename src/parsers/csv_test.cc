// The vectors are the rules of RFC 4180 §2, by their number, and what programs write besides.
#include "parsers/csv.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::parsers {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> fields(std::string_view record) {
  auto found = csv_fields(record);
  return found ? *found : std::vector<std::string>{"ERROR: " + found.error().message};
}

TEST(Csv, FieldsAreSeparatedByCommasAndMayBeEmpty) {
  EXPECT_THAT(fields("aaa,bbb,ccc"), ElementsAre("aaa", "bbb", "ccc"));  // 1
  EXPECT_THAT(fields("zzz, yyy ,\r"), ElementsAre("zzz", " yyy ", ""));  // 4: space is kept
  EXPECT_THAT(fields(""), ElementsAre(""));
  EXPECT_THAT(fields(",,"), ElementsAre("", "", ""));
}

TEST(Csv, QuotesHoldCommasLineEndsAndDoubledQuotes) {
  EXPECT_THAT(fields(R"("aaa","bbb","ccc")"), ElementsAre("aaa", "bbb", "ccc"));             // 5
  EXPECT_THAT(fields("\"aaa\",\"b\r\nbb\",\"c,c\""), ElementsAre("aaa", "b\r\nbb", "c,c"));  // 6
  EXPECT_THAT(fields(R"("aaa","b""bb","")"), ElementsAre("aaa", "b\"bb", ""));               // 7
  EXPECT_THAT(fields(R"(5" disk,say "hi")"), ElementsAre("5\" disk", "say \"hi\""));
}

TEST(Csv, WhatIsBrokenIsSaid) {
  EXPECT_THAT(fields(R"("aaa)"), ElementsAre("ERROR: a quoted field does not end"));
  EXPECT_THAT(fields(R"("a"b,c)"), ElementsAre("ERROR: a quoted field goes on behind its quotes"));
  EXPECT_FALSE(csv_fields(std::string(kCsvFields, ',')));
  EXPECT_TRUE(csv_fields(std::string(kCsvFields - 1, ',')));
}

TEST(Csv, EveryColumnHasANameOfItsOwn) {
  EXPECT_THAT(csv_names({"a", "", "a", "a_2", "a"}),
              ElementsAre("a", "column_2", "a_2", "a_2_2", "a_3"));
}

TEST(Csv, ManyColumnsOfOneNameTakeNoTime) {
  const auto names = csv_names(std::vector<std::string>(kCsvFields, "same"));
  EXPECT_EQ(names.back(), "same_10000");
}

TEST(Csv, ARowIsAnObjectOfStrings) {
  EXPECT_EQ(*csv_object({"n", "q\""}, {"007", "a\nb"}), R"({"n":"007","q\"":"a\nb"})");
  EXPECT_EQ(csv_object({"a"}, {"1", "2"}).error().message,
            "the row has 2 fields, the first row names 1");
  EXPECT_EQ(csv_object({"a"}, {"\xff"}).error().code, "utf8");
}

}  // namespace
}  // namespace cdviz::parsers
