#include "net/route_table.h"

#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace cdviz::net {
namespace {

struct Fixture {
  telemetry::Metrics metrics;
  RouteTable table{metrics};
  std::vector<Routes::Registration> kept;

  Result<Routes::Registration> add(const std::string& method, const std::string& path) {
    return table.add({.method = method, .path = path, .handle = [](Request, Reply) {}});
  }
  void keep(const std::string& method, const std::string& path) {
    auto added = add(method, path);
    ASSERT_TRUE(added) << added.error().message;
    kept.push_back(std::move(*added));
  }
  /// "METHOD path" of the route found, or "allow: …".
  std::string find(std::string_view method, std::string_view path) {
    const auto match = table.snapshot()->find(method, path);
    if (!match.entry) return "allow: " + match.allow;
    return match.entry->route.method + " " + match.entry->route.path;
  }
};

TEST(RouteTable, AnExactPathGoesBeforeTheLongestSubtree) {
  Fixture f;
  f.keep("GET", "/*");
  f.keep("GET", "/a/*");
  f.keep("GET", "/a/b");
  f.keep("GET", "/a/b/*");
  EXPECT_EQ(f.find("GET", "/a/b"), "GET /a/b");
  EXPECT_EQ(f.find("GET", "/a/c"), "GET /a/*");
  EXPECT_EQ(f.find("GET", "/a/b/c"), "GET /a/b/*");
  EXPECT_EQ(f.find("GET", "/a"), "GET /*");
  EXPECT_EQ(f.find("GET", "/"), "GET /*");
}

TEST(RouteTable, GetServesHeadUnlessThereIsARouteForIt) {
  Fixture f;
  f.keep("GET", "/a");
  EXPECT_EQ(f.find("HEAD", "/a"), "GET /a");
  f.keep("HEAD", "/a");
  EXPECT_EQ(f.find("HEAD", "/a"), "HEAD /a");
}

TEST(RouteTable, NamesTheMethodsOfAPathThatDoesNotTakeThisOne) {
  Fixture f;
  f.keep("GET", "/a");
  f.keep("POST", "/a");
  EXPECT_EQ(f.find("PUT", "/a"), "allow: GET, HEAD, POST");
  EXPECT_EQ(f.find("PUT", "/b"), "allow: ");
  EXPECT_EQ(f.find("get", "/a"), "allow: GET, HEAD, POST");
}

TEST(RouteTable, NamesAMethodOnceThoughAWildcardTakesItToo) {
  Fixture f;
  f.keep("POST", "/a/b");
  f.keep("POST", "/a/*");
  EXPECT_EQ(f.find("PUT", "/a/b"), "allow: POST");
}

TEST(RouteTable, TheSameMethodAndPathTwiceIsAnError) {
  Fixture f;
  f.keep("GET", "/a");
  const auto second = f.add("GET", "/a");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::stop);
  EXPECT_NE(second.error().message.find("GET /a is taken"), std::string::npos);
  f.kept.clear();
  EXPECT_TRUE(f.add("GET", "/a"));
}

TEST(RouteTable, ARouteEndsWithItsRegistration) {
  Fixture f;
  f.keep("GET", "/a");
  RouteCache cache(f.table);
  EXPECT_TRUE(cache.current().find("GET", "/a").entry);
  f.kept.clear();
  EXPECT_FALSE(cache.current().find("GET", "/a").entry);
}

TEST(RouteTable, ARegistrationOutlivesItsTable) {
  Routes::Registration kept;
  {
    Fixture f;
    kept = *f.add("GET", "/a");
  }
  kept.reset();
}

TEST(RouteTable, TheEndOfARegistrationWaitsForCallsUnderWay) {
  Fixture f;
  f.keep("GET", "/a");
  const auto entry = f.table.snapshot()->find("GET", "/a").entry;
  ASSERT_TRUE(entry->enter());
  std::atomic<bool> removed{false};
  std::thread remover([&] {
    f.kept.clear();
    removed = true;
  });
  while (f.table.snapshot()->find("GET", "/a").entry) std::this_thread::yield();
  EXPECT_FALSE(removed);
  entry->leave();
  remover.join();
  EXPECT_FALSE(entry->enter());
}

}  // namespace
}  // namespace cdviz::net
