#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sources/s3/mark.h"
#include "sources/s3/test_inlet.h"
#include "sources/s3/test_store.h"
#include "sources/s3/walk.h"

namespace cdviz::sources::s3 {
namespace {

/// Each step as "key", "key=entry" or, when it is not listed, "-key=entry".
std::vector<std::string> walked(TestStore& store, const TestInlet& inlet, unsigned page) {
  std::vector<std::string> steps;
  const auto bucket = store.bucket();
  Walk walk(*bucket, inlet, "", page);
  for (;;) {
    auto step = walk.next({});
    if (!step) {
      steps.push_back("error " + step.error().message);
      return steps;
    }
    if (!*step) return steps;
    steps.push_back(((*step)->object ? "" : "-") + (*step)->key +
                    ((*step)->entry ? "=" + *(*step)->entry : ""));
  }
}

TEST(S3Walk, GoesThroughListingAndLedgerSideBySide) {
  TestStore store;
  TestInlet inlet;
  const std::vector<std::string> wanted = {"-a=0", "b",   "c=1",  "d",    "-e=2",
                                           "-f=3", "g=4", "-z=5", "-zz=6"};
  for (const auto* key : {"b", "c", "d", "g"}) store.objects[key] = {.body = "x"};
  inlet.ledger = {{"o/a", "0"}, {"o/c", "1"}, {"o/e", "2"},  {"o/f", "3"},
                  {"o/g", "4"}, {"o/z", "5"}, {"o/zz", "6"}, {"other", "7"}};
  for (const unsigned page : {1U, 2U, 3U, 1000U}) {
    store.page = page;
    EXPECT_EQ(walked(store, inlet, page), wanted) << page;
  }
}

TEST(S3Walk, NothingIsTheEnd) {
  TestStore store;
  EXPECT_TRUE(walked(store, TestInlet(), 2).empty());
}

TEST(S3Walk, AnErrorOfTheStoreIsNoEmptyBucket) {
  TestStore store;
  store.objects["a"] = {.body = "x"};
  const auto bucket = store.bucket();
  store.server.reset();
  TestInlet inlet;
  inlet.ledger = {{"o/a", "0"}};
  Walk walk(*bucket, inlet, "");
  EXPECT_FALSE(walk.next({}));
}

}  // namespace
}  // namespace cdviz::sources::s3
