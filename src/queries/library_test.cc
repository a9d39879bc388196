#include "queries/library.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queries/statement.h"

namespace cdviz::queries {
namespace {

using ::testing::HasSubstr;

TEST(Library, EveryFileIsRight) {
  ASSERT_NO_THROW(library());
  EXPECT_EQ(library().size(), files::files().size());
  EXPECT_FALSE(library().empty());
}

TEST(Library, EveryQueryExplainsItself) {
  for (const auto& query : library()) {
    EXPECT_TRUE(query.title.ends_with('?')) << query.name;
    EXPECT_FALSE(query.purpose.empty()) << query.name;
    ASSERT_FALSE(query.examples.empty()) << query.name;
    for (const auto& example : query.examples)
      EXPECT_THAT(example, HasSubstr("cdviz-collector query " + query.name));
    for (const auto& parameter : query.parameters)
      EXPECT_FALSE(parameter.text.empty()) << query.name << " " << parameter.name;
    std::set<std::string> names;
    for (const auto& column : query.columns) {
      EXPECT_FALSE(column.text.empty()) << query.name << " " << column.name;
      EXPECT_TRUE(names.insert(column.name).second) << query.name << " " << column.name;
      // Seconds and days as plain numbers are only understood with their unit.
      if (column.type.starts_with("double precision")) {
        EXPECT_FALSE(column.unit.empty()) << query.name << " " << column.name;
      }
    }
  }
}

/// The words behind the name of the query, as --name value.
Given given_in(std::string_view example) {
  Given given;
  std::istringstream words{std::string(example)};
  std::string word;
  std::string name;
  while (words >> word) {
    if (word.starts_with("--")) {
      name = word.substr(2);
      std::ranges::replace(name, '-', '_');
    } else if (!name.empty()) {
      given[name].push_back(word);
    }
  }
  given.erase("format");
  return given;
}

TEST(Library, EveryExampleHasTheParametersThatItNeedsAndNoOther) {
  const WallTime now{std::chrono::milliseconds{1'774'958'400'000}};
  for (const auto& query : library()) {
    for (const auto& example : query.examples) {
      const auto bound = statement_of(query, given_in(example), now);
      EXPECT_TRUE(bound) << example << ": " << (bound ? "" : bound.error().message);
    }
  }
}

TEST(Library, FindsByNameAndSuggests) {
  EXPECT_EQ(find("no such"), nullptr);
  ASSERT_NE(find("state"), nullptr);
  EXPECT_EQ(find("state")->name, "state");
  EXPECT_THAT(suggestion("stat"), HasSubstr("state"));
}

}  // namespace
}  // namespace cdviz::queries
