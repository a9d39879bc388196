// The pool against our own server; what only a hostile server does is in the end-to-end tests.
#include "net/http_pool.h"

#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_client.h"

namespace cdviz::net {
namespace {

using namespace std::chrono_literals;
using testing::TestServer;

struct Peer : TestServer {
  Peer() {
    start();
    answer("/taken", {.status = 202, .body = "thanks"});
  }
  ~Peer() { server.reset(); }
  void answer(const std::string& path, Response response) {
    add({.method = "POST",
         .path = path,
         .body_bytes_max = 1U << 22U,
         .handle = [this, response = std::move(response)](Request request, Reply reply) {
           {
             const std::lock_guard lock(mutex);
             bodies.push_back(request.body);
             headers.push_back(request.headers);
           }
           reply(response);
         }});
  }
  std::string url(const std::string& path = "/taken") const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + path;
  }
  std::mutex mutex;
  std::vector<std::string> bodies;
  std::vector<Headers> headers;
};

std::vector<HttpOutcome> all_of(HttpPool& pool) {
  std::vector<HttpOutcome> all;
  const auto end = std::chrono::steady_clock::now() + testing::kPatience;
  while (pool.in_flight() > 0 && std::chrono::steady_clock::now() < end) {
    for (auto& outcome : pool.wait(100ms)) all.push_back(std::move(outcome));
  }
  return all;
}

HttpOutcome one_of(HttpPool& pool) {
  pool.start(7, {}, "{}");
  auto all = all_of(pool);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? HttpOutcome{} : std::move(all.front());
}

TEST(HttpPool, ManyRequestsShareFewConnections) {
  Peer peer;
  const SystemClock clock;
  HttpPool pool({.url = peer.url(), .connections_max = 4}, clock);
  std::set<std::size_t> tags;
  std::size_t next = 0;
  while (tags.size() < 200) {
    while (next < 200 && pool.in_flight() < 8) {
      pool.start(next, {{"X-Number", std::to_string(next)}, {"X-Empty", ""}}, std::to_string(next));
      ++next;
    }
    for (const auto& outcome : pool.wait(100ms)) {
      EXPECT_EQ(outcome.status, 202) << outcome.message;
      EXPECT_EQ(outcome.body, "thanks");
      tags.insert(outcome.tag);
    }
  }
  EXPECT_LE(pool.connections_opened(), 4U);
  ASSERT_EQ(peer.bodies.size(), 200U);
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(peer.headers[i].find("x-number"), peer.bodies[i]);
    EXPECT_EQ(peer.headers[i].find("x-empty"), "");
  }
}

TEST(HttpPool, AServerThatIsAwayIsTheNetworks) {
  std::uint16_t port = 0;
  {
    TestServer gone;
    port = gone.start().port();
  }
  const SystemClock clock;
  HttpPool pool({.url = "http://user:pass@127.0.0.1:" + std::to_string(port) + "/secret-path"},
                clock);
  const auto outcome = one_of(pool);
  EXPECT_EQ(outcome.no_answer, NoAnswer::network);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_FALSE(outcome.message.empty());
  EXPECT_EQ(outcome.message.find("pass"), std::string::npos);
  EXPECT_EQ(outcome.message.find("secret-path"), std::string::npos);
}

TEST(HttpPool, RetryAfterComesWithTheAnswer) {
  Peer peer;
  peer.answer("/busy", {.status = 503, .headers = {{"Retry-After", "17"}}});
  const SystemClock clock;
  HttpPool pool({.url = peer.url("/busy")}, clock);
  const auto outcome = one_of(pool);
  EXPECT_EQ(outcome.status, 503);
  EXPECT_EQ(outcome.retry_after, 17s);
}

TEST(HttpPool, ALongAnswerIsNotReadToItsEnd) {
  Peer peer;
  peer.answer("/long", {.status = 200, .body = std::string(1 << 20, 'x')});
  const SystemClock clock;
  HttpPool pool({.url = peer.url("/long"), .answer_bytes_max = 1000}, clock);
  const auto outcome = one_of(pool);
  EXPECT_EQ(outcome.no_answer, NoAnswer::none) << outcome.message;
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.body.size(), 1000U);
}

TEST(HttpPool, ARedirectToTheSameServerIsFollowedWithTheBody) {
  Peer peer;
  for (const int status : {301, 302, 307, 308}) {
    const std::string path = "/moved-" + std::to_string(status);
    peer.answer(path, {.status = status, .headers = {{"Location", "/taken"}}});
    const SystemClock clock;
    HttpPool pool({.url = peer.url(path)}, clock);
    const auto outcome = one_of(pool);
    EXPECT_EQ(outcome.status, 202) << status << " " << outcome.message;
    EXPECT_EQ(peer.bodies.back(), "{}");
  }
}

TEST(HttpPool, ARedirectElsewhereIsNotFollowed) {
  Peer other;
  Peer peer;
  peer.answer("/away", {.status = 307, .headers = {{"Location", other.url()}}});
  const SystemClock clock;
  HttpPool pool({.url = peer.url("/away")}, clock);
  const auto outcome = one_of(pool);
  EXPECT_EQ(outcome.no_answer, NoAnswer::redirect);
  EXPECT_NE(outcome.message.find(std::to_string(other.server->port())), std::string::npos);
  EXPECT_TRUE(other.bodies.empty());
}

TEST(HttpPool, ARedirectInACircleEnds) {
  Peer peer;
  peer.answer("/circle", {.status = 307, .headers = {{"Location", "/circle"}}});
  peer.answer("/nowhere", {.status = 307});
  peer.answer("/other", {.status = 303, .headers = {{"Location", "/taken"}}});
  const SystemClock clock;
  for (const auto* path : {"/circle", "/nowhere", "/other"}) {
    HttpPool pool({.url = peer.url(path)}, clock);
    EXPECT_EQ(one_of(pool).no_answer, NoAnswer::redirect) << path;
  }
  EXPECT_EQ(peer.bodies.size(), 6U);  // 4 in the circle, 1 each of the others
}

TEST(HttpPool, WhatHangsTimesOutAndTheNextRequestIsServed) {
  Peer peer;
  std::mutex mutex;
  std::vector<Reply> held;
  peer.add({.method = "POST",
            .path = "/hang",
            .body_bytes_max = 1000,
            .handle = [&](Request, Reply reply) {
              const std::lock_guard lock(mutex);
              held.push_back(std::move(reply));
            }});
  const SystemClock clock;
  HttpPool pool({.url = peer.url("/hang"), .request_timeout = 200ms}, clock);
  EXPECT_EQ(one_of(pool).no_answer, NoAnswer::timeout);
  const std::lock_guard lock(mutex);
  for (auto& reply : held) reply({.status = 202});
  held.clear();
}

TEST(HttpPool, AWaitIsEndedFromOutsideAndWhatIsInFlightIsDropped) {
  Peer peer;
  std::mutex mutex;
  std::vector<Reply> held;
  peer.add({.method = "POST",
            .path = "/hang",
            .body_bytes_max = 1000,
            .handle = [&](Request, Reply reply) {
              const std::lock_guard lock(mutex);
              held.push_back(std::move(reply));
            }});
  const SystemClock clock;
  HttpPool pool({.url = peer.url("/hang")}, clock);
  pool.start(1, {}, "{}");
  const auto has_it = [&] {
    pool.wait(10ms);
    const std::lock_guard lock(mutex);
    return !held.empty();
  };
  ASSERT_TRUE(testing::eventually(has_it));
  std::jthread waker([&] { pool.wake(); });
  while (!pool.wait(60'000ms).empty()) {
  }
  EXPECT_EQ(pool.in_flight(), 1U);
  pool.cancel();
  EXPECT_EQ(pool.in_flight(), 0U);
  const std::lock_guard lock(mutex);
  for (auto& reply : held) reply({.status = 202});
  held.clear();
}

TEST(HttpPool, AUrlIsCheckedAndItsOriginTellsNoSecret) {
  EXPECT_EQ(*origin_of("https://user:pw@example.com/hook?token=1"), "https://example.com:443");
  EXPECT_EQ(*origin_of("http://[::1]:80/"), "http://[::1]:80");
  for (const auto* url : {"", "example.com", "ftp://example.com", "http://", "http://a b/", "/x",
                          "https://example.com:99999/"}) {
    EXPECT_FALSE(origin_of(url)) << url;
  }
  const SystemClock clock;
  HttpPool pool({.url = "http://127.0.0.1:99999/"}, clock);
  EXPECT_EQ(one_of(pool).no_answer, NoAnswer::wrong);
}

TEST(HttpPool, AFileOfAuthoritiesThatIsNotThereIsOurMistake) {
  const SystemClock clock;
  HttpPool pool({.url = "https://127.0.0.1:1/", .ca_file = "/nonexistent/ca.pem"}, clock);
  const auto outcome = one_of(pool);
  EXPECT_TRUE(outcome.no_answer == NoAnswer::wrong || outcome.no_answer == NoAnswer::network)
      << outcome.message;  // the file is read once there is a connection
}

}  // namespace
}  // namespace cdviz::net
