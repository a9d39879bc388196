// The client against our own server, and against nobody.
#include "net/http_client.h"

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_client.h"

namespace cdviz::net {
namespace {

using testing::TestServer;

/// A request, as the server had it.
struct Taken {
  std::string body = {};
  std::string content_type = {};
  std::string authorization = {};
  std::string remote_address = {};
};

/// Answers POST /taken, and remembers what was posted.
struct Taker : TestServer {
  explicit Taker(Response wanted = {.status = 202}) : response(std::move(wanted)) {
    start();
    add({.method = "POST",
         .path = "/taken",
         .body_bytes_max = 1U << 22U,
         .handle = [this](Request request, Reply reply) {
           {
             const std::lock_guard lock(mutex);
             all.push_back({std::move(request.body),
                            std::string(request.headers.find("Content-Type").value_or("")),
                            std::string(request.headers.find("Authorization").value_or("")),
                            request.remote_address});
           }
           reply(response);
         }});
  }
  ~Taker() { server.reset(); }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + "/taken";
  }
  std::vector<Taken> taken() {
    const std::lock_guard lock(mutex);
    return all;
  }

  Response response;
  std::mutex mutex;
  std::vector<Taken> all;
};

TEST(HttpClient, PostsABodyWithItsHeaders) {
  Taker taker;
  HttpClient client({.url = taker.url(), .headers = {"Authorization: Bearer abc"}});
  const auto reply = client.post("{}\n{}\n", "application/x-ndjson");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 202);
  EXPECT_FALSE(reply->retry_after);
  const auto taken = taker.taken();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].body, "{}\n{}\n");
  EXPECT_EQ(taken[0].content_type, "application/x-ndjson");
  EXPECT_EQ(taken[0].authorization, "Bearer abc");
}

TEST(HttpClient, KeepsItsConnection) {
  Taker taker;
  HttpClient client({.url = taker.url()});
  const std::string large(2'000'000, 'x');
  for (const std::string_view body :
       {std::string_view("a"), std::string_view(large), std::string_view("")}) {
    const auto reply = client.post(body, "text/plain");
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(taker.taken().back().body, body);
  }
  const auto taken = taker.taken();
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(taken.front().remote_address, taken.back().remote_address);
}

TEST(HttpClient, SaysWhenToComeAgain) {
  Response busy{.status = 503, .body = "busy"};
  busy.headers.add("Retry-After", "7");
  Taker taker(busy);
  HttpClient client({.url = taker.url()});
  const auto reply = client.post("{}", "application/json");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->retry_after, std::chrono::seconds(7));
  EXPECT_EQ(reply->body, "busy");
}

TEST(HttpClient, KeepsTheStartOfALongAnswer) {
  Taker taker({.status = 200, .body = std::string(300'000, 'y')});
  HttpClient client({.url = taker.url()});
  const auto reply = client.post("{}", "application/json");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body.size(), 65'536U);
}

TEST(HttpClient, RetriesWhereNobodyListens) {
  std::string url;
  {
    const Taker gone;
    url = gone.url();
  }
  HttpClient client({.url = url});
  const auto reply = client.post("{}", "application/json");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().fault, Fault::retry);
  EXPECT_FALSE(reply.error().message.empty());
}

TEST(HttpClient, StopsAtAUrlThatIsNone) {
  for (const char* url : {"", "ftp://127.0.0.1/x", "http://"}) {
    HttpClient client({.url = url});
    const auto reply = client.post("{}", "application/json");
    ASSERT_FALSE(reply) << url;
    EXPECT_EQ(reply.error().fault, Fault::stop) << url << " " << reply.error().message;
  }
}

TEST(HttpClient, EndsWhenItIsCancelled) {
  TestServer server;
  server.start();
  std::mutex mutex;
  std::vector<Reply> waiting;
  server.add({.method = "POST", .path = "/never", .handle = [&](Request, Reply reply) {
                const std::lock_guard lock(mutex);
                waiting.push_back(std::move(reply));
              }});
  HttpClient client({.url = "http://127.0.0.1:" + std::to_string(server.server->port()) + "/never",
                     .cancelled = [] { return true; }});
  const auto reply = client.post("{}", "application/json");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "interrupted");
  server.server.reset();
}

}  // namespace
}  // namespace cdviz::net
