// Answers that come bit by bit, over real sockets.
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/body_stream.h"
#include "net/server.h"
#include "net/test_client.h"

namespace cdviz::net {
namespace {

using namespace std::chrono_literals;
using testing::Client;
using testing::eventually;

/// A server with GET /stream, whose answers a test writes.
struct StreamServer : testing::TestServer {
  explicit StreamServer(std::size_t bytes_max = 64 * 1024,
                        const std::function<void(ServerSettings&)>& change = {}) {
    if (change) change(settings);
    start();
    add({.method = "GET",
         .path = "/stream",
         .handle = [this, bytes_max](const Request&, const Reply& reply) {
           auto stream = std::make_shared<BodyStream>(bytes_max, 256);
           reply({.content_type = "text/event-stream", .stream = stream});
           const std::lock_guard lock(mutex);
           streams.push_back(std::move(stream));
         }});
    add({.method = "GET", .path = "/other", .handle = [](const Request&, const Reply& reply) {
           reply({.body = "here"});
         }});
  }
  std::shared_ptr<BodyStream> stream(std::size_t index = 0) {
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex);
      return streams.size() > index;
    }));
    const std::lock_guard lock(mutex);
    return streams.at(index);
  }
  Client client() const { return Client(server->port()); }

  std::mutex mutex;
  std::vector<std::shared_ptr<BodyStream>> streams;
};

const std::string kGet = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";

/// Everything up to `end`.
std::string read_until(int socket, std::string_view end) {
  std::string text;
  char byte = 0;
  while (!text.ends_with(end) && ::recv(socket, &byte, 1, 0) == 1) text += byte;
  return text;
}

TEST(ServerStream, SendsEachBitWhenItComes) {
  StreamServer server;
  auto client = server.client();
  ASSERT_TRUE(client.send(kGet));
  const auto head = read_until(client.socket(), "\r\n\r\n");
  EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
  const auto stream = server.stream();
  ASSERT_TRUE(stream->write("first"));
  EXPECT_EQ(read_until(client.socket(), "first\r\n"), "5\r\nfirst\r\n");
  EXPECT_EQ(server.ask("GET /other HTTP/1.1\r\nHost: x\r\n\r\n").body, "here");
  ASSERT_TRUE(stream->write(std::string(17, 'x')));
  EXPECT_EQ(read_until(client.socket(), "x\r\n"), "11\r\n" + std::string(17, 'x') + "\r\n");
  stream->end();
  EXPECT_FALSE(stream->write("late"));
  EXPECT_EQ(read_until(client.socket(), "0\r\n\r\n"), "0\r\n\r\n");
  EXPECT_TRUE(client.is_closed());
}

TEST(ServerStream, WhatIsNotWholeDoesNotLookWhole) {
  StreamServer server;
  auto client = server.client();
  ASSERT_TRUE(client.send(kGet));
  const auto stream = server.stream();
  ASSERT_TRUE(stream->write("half"));
  read_until(client.socket(), "half\r\n");
  stream->fail();
  EXPECT_EQ(read_until(client.socket(), "0\r\n\r\n"), "");
  EXPECT_FALSE(stream->write("more"));
}

TEST(ServerStream, EndsWithTheConnectionForHttp10) {
  StreamServer server;
  auto client = server.client();
  ASSERT_TRUE(client.send("GET /stream HTTP/1.0\r\n\r\n"));
  const auto stream = server.stream();
  ASSERT_TRUE(stream->write("a"));
  stream->end();
  const auto all = read_until(client.socket(), "never");
  EXPECT_TRUE(all.ends_with("\r\n\r\na")) << all;
  EXPECT_EQ(all.find("chunked"), std::string::npos);
}

TEST(ServerStream, HeadHasNoBodyAndKeepsTheConnection) {
  StreamServer server;
  auto client = server.client();
  ASSERT_TRUE(client.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(client.receive(true).status, 200);
  EXPECT_TRUE(eventually([&] { return server.stream()->gone(); }));
  EXPECT_EQ(client.ask("GET /other HTTP/1.1\r\nHost: x\r\n\r\n").body, "here");
}

TEST(ServerStream, WhoWritesLearnsThatTheClientHasGone) {
  StreamServer server;
  {
    auto client = server.client();
    ASSERT_TRUE(client.send(kGet));
    ASSERT_FALSE(server.stream()->gone());
  }
  EXPECT_TRUE(eventually([&] { return server.stream()->gone(); }));
  EXPECT_FALSE(server.stream()->write("x"));
}

TEST(ServerStream, ASlowClientIsHeldInBounds) {
  constexpr std::size_t kMax = 64 * 1024;
  StreamServer server(kMax);
  auto client = server.client();
  ASSERT_TRUE(client.send(kGet));
  const auto stream = server.stream();
  const std::string kilobyte(1024, 'x');
  // The kernel's buffers fill first; then nothing more is taken. Without a wait it could also be
  // that the network thread has not come to its turn yet.
  ASSERT_TRUE(eventually([&] { return !stream->write(kilobyte, 200ms); }));
  EXPECT_FALSE(stream->gone());
  auto waiting = std::async(std::launch::async, [&] { return stream->write(kilobyte, 20s); });
  read_until(client.socket(), "\r\n\r\n");
  std::string sink(1U << 20U, '\0');
  while (waiting.wait_for(0s) != std::future_status::ready)
    ASSERT_GT(::recv(client.socket(), sink.data(), sink.size(), 0), 0);
  EXPECT_TRUE(waiting.get());
}

TEST(ServerStream, AClientThatTakesNothingIsCutOff) {
  StreamServer server(64 * 1024, [](ServerSettings& settings) { settings.body_timeout = 50ms; });
  auto client = server.client();
  ASSERT_TRUE(client.send(kGet));
  const auto stream = server.stream();
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(stream->write(std::string(32 * 1024, 'x')));
    return stream->gone();
  }));
}

TEST(ServerStream, AnIdleStreamIsNotCutOff) {
  StreamServer server(1024, [](ServerSettings& settings) {
    settings.body_timeout = 20ms;
    settings.keep_alive_timeout = 20ms;
    settings.request_timeout = 20ms;
  });
  auto client = server.client();
  ASSERT_TRUE(client.send(kGet));
  const auto stream = server.stream();
  // Three others in a row are cut off by these limits meanwhile: time enough has passed.
  for (int i = 0; i < 3; ++i) {
    auto other = server.client();
    ASSERT_EQ(other.ask("GET /other HTTP/1.1\r\nHost: x\r\n\r\n").body, "here");
    char byte = 0;
    ASSERT_EQ(::recv(other.socket(), &byte, 1, 0), 0) << "an idle connection is kept";
  }
  ASSERT_TRUE(stream->write("still here"));
  read_until(client.socket(), "\r\n\r\n");
  EXPECT_EQ(read_until(client.socket(), "here\r\n"), "a\r\nstill here\r\n");
}

TEST(ServerStream, WhatAClientSendsMeanwhileIsNotKept) {
  StreamServer server;
  auto client = server.client();
  ASSERT_TRUE(client.send(kGet + "GET /other HTTP/1.1\r\nHost: x\r\n\r\n"));
  const auto stream = server.stream();
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(client.send(std::string(16 * 1024, 'x')));
    return stream->gone();
  }));
}

TEST(ServerStream, ServersMayEndBeforeStreams) {
  std::shared_ptr<BodyStream> stream;
  {
    StreamServer server;
    auto client = server.client();
    ASSERT_TRUE(client.send(kGet));
    stream = server.stream();
  }
  EXPECT_TRUE(stream->gone());
  EXPECT_FALSE(stream->write("x"));
  stream->end();
}

}  // namespace
}  // namespace cdviz::net
