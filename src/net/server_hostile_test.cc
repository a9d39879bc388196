// The server and clients that mean no good: each gets its status, the others notice nothing.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_client.h"

namespace cdviz::net {
namespace {

using testing::Answer;
using testing::Client;
using testing::eventually;

constexpr char kGood[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";

/// POST /echo takes 1000 bytes, POST /large 64 MiB.
struct HostileServer : testing::TestServer {
  explicit HostileServer(const std::function<void(ServerSettings&)>& change = {}) {
    if (change) change(settings);
    start();
    for (const auto& [path, limit] : {std::pair{"/echo", 1000U}, {"/large", 64U << 20U}}) {
      add({.method = "POST",
           .path = path,
           .body_bytes_max = limit,
           .handle = [](Request request, Reply reply) { reply({.body = request.body}); }});
    }
  }
  Client client() const { return Client(server->port()); }
  std::size_t in_flight() { return static_cast<std::size_t>(metric("cdviz_http_in_flight_bytes")); }
};

std::string post(const std::string& fields, const std::string& body = {},
                 const std::string& path = "/echo") {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}

TEST(HostileClients, GetTheirStatusAndTheEndOfTheConnection) {
  HostileServer server;
  Client good = server.client();
  const std::vector<std::pair<int, std::string>> forms{
      {400, post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nGET /x")},
      {400, post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")},
      {400, post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")},
      {400, post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")},
      {400, post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
      {400, post("X: a\r\n b\r\n")},
      {400, post("X: a\rb\r\n")},
      {400, post(std::string("X: a\0b\r\n", 8))},
      {400, "GET / HTTP/1.1\n\n"},
      {400, "GET / HTTP/1.1\r\n\r\n"},
      {400, post("Host: y\r\n")},
      {400, std::string("\x16\x03\x01\x02\x00\x01\x00", 7)},
      {400, post("Transfer-Encoding: chunked\r\n", "5\r\nhello!\r\n0\r\n\r\n")},
      {400, post("Transfer-Encoding: chunked\r\n", "g\r\n")},
      {400, post("Transfer-Encoding: chunked\r\n", "1;" + std::string(100'000, 'a'))},
      {413, post("Content-Length: 1001\r\n")},
      {413, post("Content-Length: 1073741824\r\n")},
      {413, post("Transfer-Encoding: chunked\r\n", "3e9\r\n")},
      {414, "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n"},
      {417, post("Expect: miracles\r\nContent-Length: 5\r\n")},
      {431, post("X: " + std::string(20'000, 'a') + "\r\n")},
      {505, "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
  };
  for (const auto& [status, bytes] : forms) {
    Client bad = server.client();
    const Answer answer = bad.ask(bytes);
    EXPECT_EQ(answer.status, status) << bytes.substr(0, 100);
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
    EXPECT_TRUE(bad.is_closed()) << bytes.substr(0, 100);
    EXPECT_EQ(good.ask(kGood).status, 200) << "after " << bytes.substr(0, 100);
  }
  EXPECT_EQ(server.in_flight(), 0U);
}

TEST(HostileClients, AreToldThatABodyIsTooLargeWhileTheyAreSendingIt) {
  HostileServer server;
  Client bad = server.client();
  // More than the buffers of both ends hold: the server must read on for the answer to arrive.
  bad.send(post("Content-Length: 1073741824\r\n"));
  bad.send(std::string(8U << 20U, 'a'));
  EXPECT_EQ(bad.receive().status, 413);
}

TEST(HostileClients, CannotMakeTheServerReadForEver) {
  HostileServer server;
  Client bad = server.client();
  bad.send(post("Content-Length: 1073741824\r\n"));
  const std::string piece(1U << 20U, 'a');
  std::size_t sent = 0;
  while (sent < (1U << 30U) && bad.send(piece)) sent += piece.size();
  EXPECT_LT(sent, 64U << 20U);
}

TEST(HostileClients, EndlessChunksEndAtTheLimitOfTheRoute) {
  HostileServer server;
  Client bad = server.client();
  bad.send(post("Transfer-Encoding: chunked\r\n"));
  for (int i = 0; i < 1001; ++i) bad.send("1\r\na\r\n");
  EXPECT_EQ(bad.receive().status, 413);
  EXPECT_EQ(server.in_flight(), 0U);
}

TEST(HostileClients, CannotHoldMoreMemoryThanTheBudget) {
  HostileServer server([](ServerSettings& s) { s.in_flight_bytes_max = 1U << 20U; });
  std::vector<Client> clients;
  const std::string half(100U << 10U, 'a');
  for (int i = 0; i < 20; ++i) {  // each stops in the middle of its body
    clients.push_back(server.client());
    clients.back().send(post("Content-Length: 200000\r\n", half, "/large"));
  }
  // Those that the budget has no room for are told so; the others wait for their next byte.
  ASSERT_TRUE(eventually([&] {
    return server.metric(
               "cdviz_http_request_duration_seconds_count{component_id=\"/large\","
               "status=\"5xx\"}") >= 10;
  }));
  EXPECT_LE(server.in_flight(), 1U << 20U);
  unsigned refused = 0;
  for (Client& client : clients) {
    client.send(half);
    const Answer answer = client.receive();
    if (answer.status == 503) {
      ++refused;
      EXPECT_EQ(answer.field("Retry-After"), "1");
    }
  }
  EXPECT_GE(refused, 10U);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return server.in_flight() == 0; }));
  EXPECT_EQ(server.client().ask(kGood).status, 200);
}

TEST(HostileClients, HeadsThatTrickleCountToTheBudget) {
  HostileServer server([](ServerSettings& s) { s.in_flight_bytes_max = 64U << 10U; });
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(server.client());
    clients.back().send("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(10'000, 'a'));
  }
  EXPECT_TRUE(eventually([&] {
    return server.metric(
               "cdviz_http_request_duration_seconds_count{component_id=\"http\","
               "status=\"5xx\"}") >= 4;
  }));
  EXPECT_LE(server.in_flight(), 64U << 10U);
}

TEST(SlowClients, AreClosedAndGoodOnesServedMeanwhile) {
  HostileServer server([](ServerSettings& s) {
    s.header_timeout = std::chrono::milliseconds(400);
    s.body_timeout = std::chrono::milliseconds(800);
  });
  std::vector<Client> silent;
  std::vector<Client> in_head;
  std::vector<Client> in_body;
  for (int i = 0; i < 70; ++i) {
    silent.push_back(server.client());
    in_head.push_back(server.client());
    in_head.back().send("GET / HTTP/1.1\r\nHost: x\r\nX-");
    in_body.push_back(server.client());
    in_body.back().send(post("Content-Length: 1000\r\n", "a"));
  }
  Client good = server.client();
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(good.ask(kGood).status, 200);
    return server.metric("cdviz_http_connections") <= 1;
  }));
  for (Client& client : silent) EXPECT_TRUE(client.is_closed());
  for (Client& client : in_head) EXPECT_EQ(client.receive().status, 408);
  for (Client& client : in_body) EXPECT_EQ(client.receive().status, 408);
  EXPECT_EQ(server.metric("cdviz_http_connections_timed_out_total{phase=\"head\"}"), 70);
  EXPECT_EQ(server.metric("cdviz_http_connections_timed_out_total{phase=\"body\"}"), 70);
}

TEST(SlowClients, CannotStretchAHeadByTrickling) {
  HostileServer server(
      [](ServerSettings& s) { s.header_timeout = std::chrono::milliseconds(200); });
  Client slow = server.client();
  slow.send("GET / HTTP/1.1\r\nHost: x\r\n");
  EXPECT_TRUE(eventually([&] { return !slow.send("X: y\r\n"); }));
}

TEST(SlowClients, CannotStretchABodyByTrickling) {
  HostileServer server([](ServerSettings& s) {
    s.header_timeout = std::chrono::milliseconds(200);
    s.body_timeout = std::chrono::hours(1);
    s.body_rate_min = 1U << 30U;
  });
  Client slow = server.client();
  slow.send(post("Content-Length: 50000000\r\n", "", "/large"));
  EXPECT_TRUE(eventually([&] { return !slow.send("a"); }));
}

TEST(SlowClients, MustTakeTheAnswer) {
  HostileServer server([](ServerSettings& s) { s.body_timeout = std::chrono::milliseconds(400); });
  server.add({.method = "GET", .path = "/huge", .handle = [](Request, Reply reply) {
                reply({.body = std::string(64U << 20U, 'a')});
              }});
  Client slow = server.client();
  slow.send("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");  // and reads nothing
  EXPECT_TRUE(eventually([&] {
    return server.metric("cdviz_http_connections_timed_out_total{phase=\"answer\"}") == 1;
  }));
  EXPECT_TRUE(eventually([&] { return server.metric("cdviz_http_connections") == 0; }));
}

TEST(IdleClients, AreClosedAfterKeepAlive) {
  HostileServer server(
      [](ServerSettings& s) { s.keep_alive_timeout = std::chrono::milliseconds(100); });
  Client client = server.client();
  EXPECT_EQ(client.ask(kGood).status, 200);
  EXPECT_TRUE(client.is_closed());
}

TEST(TooManyClients, AreTold503AndTheRestIsClosed) {
  HostileServer server([](ServerSettings& s) { s.connections_max = 3; });
  std::vector<Client> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(server.client());
    ASSERT_EQ(held.back().ask(kGood).status, 200);
  }
  Client refused = server.client();
  const Answer answer = refused.receive();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("Retry-After"), "1");
  EXPECT_EQ(server.metric("cdviz_http_connections_refused_total"), 1);
  std::vector<Client> crowd;
  for (int i = 0; i < 200; ++i) crowd.push_back(server.client());
  for (Client& client : crowd) EXPECT_TRUE(client.is_closed());
  for (Client& client : held) EXPECT_EQ(client.ask(kGood).status, 200);
  held.clear();
  crowd.clear();
  EXPECT_TRUE(eventually([&] { return server.client().ask(kGood).status == 200; }));
}

}  // namespace
}  // namespace cdviz::net
