#include "web/site.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web/embedded_pages.h"

namespace cdviz::web {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Collects the routes and calls them as the server would.
struct FakeRoutes final : net::Routes {
  Result<Registration> add(net::Route route) override {
    const std::string path = route.path;
    routes.emplace(path, std::move(route));
    return std::make_shared<int>(0);
  }
  net::Response get(const std::string& path, const std::string& host = "127.0.0.1:8080",
                    const std::string& remote = "127.0.0.1:5000") {
    net::Request request;
    request.method = "GET";
    request.path = path;
    request.headers = {{"Host", host}};
    request.remote_address = remote;
    const net::Route& route = routes.at(path);
    if (route.admit) {
      if (auto refused = route.admit(request)) return *refused;
    }
    net::Response answer;
    route.handle(request, [&](net::Response response) { answer = std::move(response); });
    return answer;
  }
  std::map<std::string, net::Route> routes;
};

struct Fixture : testing::Test {
  Fixture() {
    state.version = "1.2.3";
    state.queue.accepting = true;
    site = *Site::make(routes, metrics, [this] { return state; });
  }
  FakeRoutes routes;
  telemetry::Metrics metrics;
  State state{};
  std::unique_ptr<Site> site;
};

TEST_F(Fixture, LivenessLooksAtNothing) {
  state.queue.accepting = false;
  state.queue.reason = "the disk is full";
  EXPECT_EQ(routes.get("/livez").status, 200);
  EXPECT_EQ(routes.get("/healthz").status, 200);
}

TEST_F(Fixture, ReadinessMeansThatEventsAreAccepted) {
  EXPECT_EQ(routes.get("/readyz").status, 200);
  state.queue.accepting = false;
  state.queue.reason = "the disk is full";
  const auto answer = routes.get("/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("\"reasons\":[\"the disk is full\"]"));
}

TEST_F(Fixture, ASinkThatIsDownDegradesButStaysReady) {
  state.components.push_back({.name = "database",
                              .type = "postgres",
                              .is_sink = true,
                              .state = pipeline::State::waiting,
                              .last_error = "connection refused"});
  const auto answer = routes.get("/readyz");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("connection refused"));
}

TEST_F(Fixture, ShuttingDownIsNotReady) {
  state.draining = true;
  EXPECT_EQ(routes.get("/readyz").status, 503);
}

TEST_F(Fixture, ThePageAndTheStatusAreForThisMachineAlone) {
  for (const char* path : {"/", "/status", "/favicon.svg", "/timeline", "/collector"}) {
    EXPECT_EQ(routes.get(path).status, 200) << path;
    EXPECT_EQ(routes.get(path, "localhost:1").status, 200) << path;
    EXPECT_EQ(routes.get(path, "[::1]:8080", "[::1]:5000").status, 200) << path;
    EXPECT_EQ(routes.get(path, "127.0.0.1:8080", "192.0.2.7:5000").status, 403) << path;
    EXPECT_EQ(routes.get(path, "attacker.example:8080").status, 403) << path;
    EXPECT_EQ(routes.get(path, "").status, 403) << path;
  }
  EXPECT_EQ(routes.get("/metrics", "collector", "192.0.2.7:5000").status, 200);
}

TEST_F(Fixture, ThePageLoadsNothingFromElsewhere) {
  const auto answer = routes.get("/");
  EXPECT_THAT(std::string(*answer.headers.find("Content-Security-Policy")),
              HasSubstr("default-src 'none'"));
  for (const EmbeddedFile& file : pages::files()) {
    EXPECT_THAT(std::string(file.content), Not(HasSubstr("src=\"http"))) << file.name;
  }
}

TEST_F(Fixture, EveryViewIsTheSamePageAndAnythingElseIsNotThere) {
  for (const char* path : {"/timeline", "/compare", "/journey", "/events", "/pipelines", "/tests",
                           "/delivery", "/incidents", "/collector", "/playground"}) {
    EXPECT_EQ(routes.get(path).body, routes.get("/").body) << path;
  }
  EXPECT_FALSE(routes.routes.contains("/index.html"));
}

TEST_F(Fixture, WhatHasItsHashInItsNameIsKeptForEverAndThePageIsNot) {
  EXPECT_EQ(*routes.get("/").headers.find("Cache-Control"), "no-cache");
  EXPECT_EQ(*routes.get("/favicon.svg").headers.find("Cache-Control"), "no-cache");
  int hashed = 0;
  for (const EmbeddedFile& file : pages::files()) {
    if (!file.name.starts_with("app.")) continue;
    ++hashed;
    EXPECT_THAT(
        std::string(*routes.get("/" + std::string(file.name)).headers.find("Cache-Control")),
        HasSubstr("immutable"));
  }
  EXPECT_EQ(hashed, 2);
}

TEST_F(Fixture, TheStatusTellsEverythingInOneDocument) {
  state.endpoints.push_back({"webhook", "http://127.0.0.1:8080/webhook/000"});
  state.queue.sinks.push_back({.name = "database",
                               .cursor = {},
                               .pending_events = 3,
                               .pending_bytes = 300,
                               .oldest = WallTime{}});
  state.now = WallTime(std::chrono::seconds(5));
  pipeline::RecentEvent event{};
  event.type = "dev.cdevents.service.deployed.0.2.0";
  state.recent.push_back(event);
  const auto body = routes.get("/status").body;
  EXPECT_THAT(body, HasSubstr("\"version\":\"1.2.3\""));
  EXPECT_THAT(body, HasSubstr("\"oldest_age_seconds\":5E0"));
  EXPECT_THAT(body, HasSubstr("/webhook/000"));
  EXPECT_THAT(body, HasSubstr("service.deployed"));
}

}  // namespace
}  // namespace cdviz::web
