#include "commands/route_watch.h"

#include <map>
#include <thread>

#include <gtest/gtest.h>

namespace cdviz::commands {
namespace {

using namespace std::chrono_literals;

struct FakeRoutes final : net::Routes {
  Result<Registration> add(net::Route route) override {
    const std::string path = route.path;
    if (routes.contains(path)) return Error{Fault::stop, "taken"};
    routes.emplace(path, std::move(route));
    return Registration(nullptr, [this, path](void*) { routes.erase(path); });
  }
  /// What an unknown webhook is answered.
  int fallback_status() { return routes.at("/webhook/*").admit({})->status; }
  std::map<std::string, net::Route> routes;
};

net::Route route(const std::string& path) {
  net::Route made;
  made.path = path;
  return made;
}

TEST(RouteWatch, WhileSourcesStartAnUnknownWebhookIsToComeAgain) {
  FakeRoutes routes;
  RouteWatch watch(routes);
  EXPECT_EQ(routes.fallback_status(), 503);
  EXPECT_TRUE(watch.await({}, 0s));
  EXPECT_EQ(routes.fallback_status(), 404);
  watch.expect_changes();
  EXPECT_EQ(routes.fallback_status(), 503);
}

TEST(RouteWatch, WaitsForEveryPath) {
  FakeRoutes routes;
  RouteWatch watch(routes);
  net::Routes::Registration one;
  std::jthread source([&] { one = *watch.add(route("/webhook/1")); });
  EXPECT_TRUE(watch.await({"/webhook/1"}, 60s));
  EXPECT_FALSE(watch.await({"/webhook/1", "/webhook/2"}, 0s));
}

TEST(RouteWatch, ForgetsAPathThatWasTakenAway) {
  FakeRoutes routes;
  RouteWatch watch(routes);
  auto one = *watch.add(route("/webhook/1"));
  one.reset();
  EXPECT_FALSE(routes.routes.contains("/webhook/1"));
  EXPECT_FALSE(watch.await({"/webhook/1"}, 0s));
}

TEST(RouteWatch, APathThatIsTakenIsTheServersAnswer) {
  FakeRoutes routes;
  RouteWatch watch(routes);
  const auto one = *watch.add(route("/webhook/1"));
  EXPECT_FALSE(watch.add(route("/webhook/1")));
}

}  // namespace
}  // namespace cdviz::commands
