// The server over real sockets: what a well-behaved client gets.
#include "net/server.h"

#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "net/test_client.h"

namespace cdviz::net {
namespace {

using testing::Answer;
using testing::Client;
using testing::eventually;

/// A server with POST /echo, which answers 200 with the body.
struct EchoServer : testing::TestServer {
  EchoServer() {
    start();
    add({.method = "POST",
         .path = "/echo",
         .body_bytes_max = 1000,
         .handle = [](Request request, Reply reply) {
           reply({.content_type = "text/plain", .body = std::move(request.body)});
         }});
  }
};

TEST(Server, AnswersWithTheFieldsThatHttpWants) {
  EchoServer server;
  const Answer answer =
      server.ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.field("Content-Type"), "text/plain");
  EXPECT_EQ(answer.field("Content-Length"), "5");
  EXPECT_EQ(answer.field("Date").size(), 29U);
  EXPECT_EQ(answer.field("Connection"), "");
}

TEST(Server, TellsTheHandlerWhatCame) {
  testing::TestServer server;
  server.start();
  std::promise<Request> seen;
  server.add({.method = "GET", .path = "/a/*", .handle = [&](Request request, Reply reply) {
                seen.set_value(std::move(request));
                reply({.status = 204});
              }});
  EXPECT_EQ(
      server.ask("GET /a/b%20c?d=e%20f&g HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a:  2 \r\n\r\n").status,
      204);
  const Request request = seen.get_future().get();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/a/b%20c");
  EXPECT_EQ(request.query, "d=e%20f&g");
  EXPECT_EQ(request.headers, (Headers{{"Host", "x"}, {"X-A", "1"}, {"x-a", "2"}}));
  EXPECT_TRUE(request.remote_address.starts_with("127.0.0.1:"));
}

TEST(Server, ReadsABodyInChunks) {
  EchoServer server;
  const Answer answer = server.ask(
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello world");
}

}  // namespace
}  // namespace cdviz::net
