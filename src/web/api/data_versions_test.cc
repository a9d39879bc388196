#include "web/api/data_versions.h"

#include <gtest/gtest.h>

namespace cdviz::web::api {
namespace {

/// A database in which events are stored.
struct Store {
  DataMoves moves(std::optional<std::int64_t> since) const {
    DataMoves said{.whole = std::to_string(stored.size()) + "." + standing,
                   .standing = standing,
                   .events = static_cast<std::int64_t>(stored.size()) - deleted};
    said.whole += "." + std::to_string(deleted);
    for (const auto& event : stored) {
      said.newest = std::max(said.newest.value_or(0), event.first);
      if (event.first > since.value_or(-1)) said.came.push_back(event);
    }
    said.all_came = said.came.size() < limit;
    return said;
  }
  void look() { versions.saw(moves(versions.since())); }
  std::string of(Families families) const { return versions.of(families); }

  std::vector<std::pair<std::int64_t, Families>> stored;
  std::string standing = "c1";
  std::int64_t deleted = 0;
  std::size_t limit = 1'000;
  FamilyVersions versions;
};

struct FamilyVersionsTest : ::testing::Test {
  void SetUp() override {
    store.stored = {{1, kOthers}, {2, kRuns}, {3, kTests}};
    store.look();
    others = store.of(kOthers | kRuns);
    tests = store.of(kTests);
    whole = store.of(kEverything);
  }
  Store store;
  std::string others, tests, whole;
};

TEST_F(FamilyVersionsTest, AnEventMovesItsFamilyAndTheWholeAndNothingElse) {
  store.stored.emplace_back(4, kTests);
  store.look();
  EXPECT_EQ(store.of(kOthers | kRuns), others);
  EXPECT_NE(store.of(kTests), tests);
  EXPECT_NE(store.of(kEverything), whole);
  EXPECT_NE(store.of(kTests | kRuns), others);
}

TEST_F(FamilyVersionsTest, NothingMovesWithoutAnEvent) {
  store.look();
  EXPECT_EQ(store.of(kEverything), whole);
  EXPECT_EQ(store.of(kTests), tests);
}

TEST_F(FamilyVersionsTest, OneThatBecomesVisibleLateMovesItsFamilyToo) {
  store.stored.emplace_back(6, kTests);
  store.look();
  store.stored.emplace_back(5, kOthers);
  store.look();
  EXPECT_NE(store.of(kOthers), others);
}

TEST_F(FamilyVersionsTest, WhatCannotBeToldMovesEverything) {
  store.deleted = 1;  // an event that was there is not counted any more
  store.look();
  EXPECT_NE(store.of(kTests), tests);
  EXPECT_NE(store.of(kOthers | kRuns), others);
}

TEST_F(FamilyVersionsTest, ADeletionAndAnEventAtOnceMoveEverything) {
  store.deleted = 1;
  store.stored.emplace_back(4, kTests);
  store.look();
  EXPECT_NE(store.of(kOthers | kRuns), others);
}

TEST_F(FamilyVersionsTest, AnotherConfigurationMovesEverything) {
  store.standing = "c2";
  store.look();
  EXPECT_NE(store.of(kTests), tests);
  EXPECT_NE(store.of(kOthers | kRuns), others);
}

TEST_F(FamilyVersionsTest, MoreThanWasAskedForMovesEverythingAndThenItGoesOn) {
  store.limit = 3;
  for (std::int64_t seq = 4; seq < 400; ++seq) store.stored.emplace_back(seq, kTests);
  store.look();
  EXPECT_NE(store.of(kOthers | kRuns), others);
  EXPECT_FALSE(store.versions.since());
  store.limit = 1'000;
  store.stored.emplace_back(400, kTests);
  store.look();  // it looks anew
  others = store.of(kOthers | kRuns);
  store.stored.emplace_back(401, kTests);
  store.look();
  EXPECT_EQ(store.of(kOthers | kRuns), others);
}

TEST_F(FamilyVersionsTest, OneThatIsOlderThanItLooksBackMovesEverything) {
  store.stored.emplace_back(1000, kRuns);
  store.look();
  tests = store.of(kTests);
  store.stored.emplace_back(10, kRuns);
  store.look();
  EXPECT_NE(store.of(kTests), tests);
}

}  // namespace
}  // namespace cdviz::web::api
