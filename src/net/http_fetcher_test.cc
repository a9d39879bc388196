// The fetcher against our own server, and against nobody.
#include "net/http_fetcher.h"

#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_client.h"

namespace cdviz::net {
namespace {

using testing::TestServer;

struct Taker : TestServer {
  explicit Taker(const std::string& method, Response wanted) {
    start();
    add({.method = method,
         .path = "/*",
         .body_bytes_max = 1U << 20U,
         .handle = [this, wanted](Request request, Reply reply) {
           {
             const std::lock_guard lock(mutex);
             taken.push_back(request);
           }
           reply(wanted);
         }});
  }
  ~Taker() { server.reset(); }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + path;
  }
  std::mutex mutex;
  std::vector<Request> taken;
};

TEST(HttpFetcher, SendsAnyMethodAndReadsTheHeadersOfTheAnswer) {
  for (const auto* method : {"GET", "PUT", "DELETE", "POST"}) {
    Response response{.status = 404, .body = "gone"};
    response.headers.add("ETag", "\"abc\"");
    Taker taker(method, response);
    HttpFetcher fetcher({});
    const std::string body = std::string_view(method) == "GET" ? "" : "content";
    const auto fetched = fetcher.send({.method = method,
                                       .url = taker.url("/a/../b%2Fc?x=%20"),
                                       .headers = {{"X-Test", "1"}, {"X-Empty", ""}},
                                       .body = body},
                                      {});
    ASSERT_TRUE(fetched) << method << fetched.error().message;
    EXPECT_EQ(fetched->status, 404);
    EXPECT_EQ(fetched->body, "gone");
    EXPECT_EQ(fetched->headers.find("etag"), "\"abc\"");
    ASSERT_EQ(taker.taken.size(), 1U) << method;
    EXPECT_EQ(taker.taken[0].method, method);
    EXPECT_EQ(taker.taken[0].path, "/a/../b%2Fc") << "as it stands, not normalised";
    EXPECT_EQ(taker.taken[0].query, "x=%20");
    EXPECT_EQ(taker.taken[0].body, body);
    EXPECT_EQ(taker.taken[0].headers.find("x-test"), "1");
    EXPECT_FALSE(taker.taken[0].headers.find("content-type"));
  }
}

TEST(HttpFetcher, AHeadHasNoBodyAndTheNextRequestIsAnOrdinaryOne) {
  Taker taker("GET", {.status = 200, .body = "12345"});
  HttpFetcher fetcher({});
  const auto head = fetcher.send({.method = "HEAD", .url = taker.url("/x")}, {});
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(head->headers.find("Content-Length"), "5");
  const auto get = fetcher.send({.url = taker.url("/x")}, {});
  ASSERT_TRUE(get);
  EXPECT_EQ(get->body, "12345");
}

TEST(HttpFetcher, ReadsNoMoreThanItMay) {
  Taker taker("GET", {.status = 200, .body = std::string(300'000, 'y')});
  HttpFetcher fetcher({.body_bytes_max = 1000});
  const auto fetched = fetcher.send({.url = taker.url("/x")}, {});
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(fetched->cut);
  EXPECT_EQ(fetched->body.size(), 1000U);
  HttpFetcher exact({.body_bytes_max = 300'000});
  EXPECT_FALSE(exact.send({.url = taker.url("/x")}, {})->cut);
}

TEST(HttpFetcher, NamesWhatWentWrong) {
  std::string url;
  {
    const Taker gone("GET", {});
    url = gone.url("/");
  }
  HttpFetcher fetcher({});
  const auto nobody = fetcher.send({.url = url}, {});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().fault, Fault::retry);
  for (const auto* wrong : {"", "ftp://127.0.0.1/x", "http://"}) {
    const auto fetched = fetcher.send({.url = wrong}, {});
    ASSERT_FALSE(fetched) << wrong;
    EXPECT_EQ(fetched.error().fault, Fault::stop) << wrong;
  }
}

TEST(HttpFetcher, AStopEndsAnExchange) {
  TestServer server;
  server.start();
  std::mutex mutex;
  std::vector<Reply> waiting;
  std::stop_source stop;
  server.add({.method = "GET", .path = "/never", .handle = [&](Request, Reply reply) {
                const std::lock_guard lock(mutex);
                waiting.push_back(std::move(reply));
                stop.request_stop();
              }});
  HttpFetcher fetcher({});
  const auto fetched =
      fetcher.send({.url = "http://127.0.0.1:" + std::to_string(server.server->port()) + "/never"},
                   stop.get_token());
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().message, "interrupted");
  server.server.reset();
}

}  // namespace
}  // namespace cdviz::net
