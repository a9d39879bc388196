#include "activity/thing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cdviz::activity {
namespace {

using namespace std::chrono_literals;

Thing full() {
  return {.path = "a/b c/\xff\x01.tar.gz",
          .size = 18'446'744'073'709'551'615ULL,
          .sha256 = std::string(64, 'a'),
          .digest = "sha256:00",
          .etag = "\"e\"",
          .revision = "v1",
          .tag = "1.0",
          .time = WallTime{1'790'000'000'123ms},
          .occurrence = 2,
          .facts = {{"bucket", "b"}, {"key", std::string("nul\0", 4)}},
          .details = R"({"a":1})"};
}

TEST(Thing, SurvivesTheLedger) {
  for (const Thing& thing : {full(), Thing{.path = ""}, Thing{.path = "x", .size = 0}}) {
    EXPECT_EQ(parse_thing(to_text(thing)), thing);
  }
}

TEST(Thing, WhatIsNotOfTheLedgerIsNoThing) {
  for (const auto* text : {"", "[]", "{", R"({"p":1})", R"({"p":["%"]})", R"({"s":-1})",
                           R"({"f":[["a"]]})", R"({"t":"now"})", R"({"p":[]})"}) {
    EXPECT_EQ(parse_thing(text), std::nullopt) << text;
  }
}

TEST(Thing, FactsAreCleanText) {
  const Facts facts = facts_of(full());
  EXPECT_EQ(fact(facts, "path"), "a/b c/\xEF\xBF\xBD\xEF\xBF\xBD.tar.gz");
  EXPECT_EQ(fact(facts, "folder"), "a/b c");
  EXPECT_EQ(fact(facts, "extension"), "gz");
  EXPECT_EQ(fact(facts, "key"), "nul\xEF\xBF\xBD");
  EXPECT_EQ(fact(facts, "nothing"), "");
  EXPECT_EQ(fact(facts_of({.path = ".profile"}), "stem"), ".profile");
  EXPECT_EQ(fact(facts_of({.path = ".profile"}), "extension"), "");
  EXPECT_EQ(fact(facts_of({.path = "plain"}), "folder"), "");
}

TEST(Thing, TheLastFactOfANameCounts) {
  EXPECT_EQ(fact({{"a", "1"}, {"b", "2"}, {"a", "3"}}, "a"), "3");
}

}  // namespace
}  // namespace cdviz::activity
