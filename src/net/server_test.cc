// The server over real sockets: what a well-behaved client and a well-behaved handler get.
#include "net/server.h"

#include <atomic>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/test_client.h"

namespace cdviz::net {
namespace {

using testing::Answer;
using testing::Client;
using testing::eventually;

std::string post(const std::string& body, const std::string& fields = {}) {
  return "POST /echo HTTP/1.1\r\nHost: x\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string get(const std::string& path, const std::string& fields = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

/// A server with POST /echo, which answers 200 with the body.
struct EchoServer : testing::TestServer {
  explicit EchoServer(const std::function<void(ServerSettings&)>& change = {}) {
    if (change) change(settings);
    start();
    add({.method = "POST",
         .path = "/echo",
         .body_bytes_max = 1U << 20U,
         .handle = [](Request request, Reply reply) {
           reply({.content_type = "text/plain", .body = std::move(request.body)});
         }});
  }
  Client client() const { return Client(server->port()); }
};

/// A server with GET /later/*: what is asked there waits for the test to answer it.
struct LaterServer : EchoServer {
  explicit LaterServer(const std::function<void(ServerSettings&)>& change = {})
      : EchoServer(change) {
    add({.method = "GET", .path = "/later/*", .handle = [this](Request request, Reply reply) {
           const std::lock_guard lock(mutex);
           waiting.emplace_back(request.path, std::move(reply));
         }});
  }
  ~LaterServer() { server.reset(); }
  bool wait_for(std::size_t count) {
    return eventually([&] {
      const std::lock_guard lock(mutex);
      return waiting.size() == count;
    });
  }
  std::vector<std::pair<std::string, Reply>> take() {
    const std::lock_guard lock(mutex);
    return std::exchange(waiting, {});
  }
  std::mutex mutex;
  std::vector<std::pair<std::string, Reply>> waiting;
};

TEST(Server, AnswersWithTheFieldsThatHttpWants) {
  EchoServer server;
  const Answer answer = server.ask(post("hello"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.head.starts_with("HTTP/1.1 200 OK\r\n"));
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
  EXPECT_EQ(server.ask(get("/a/b%20c?d=e%20f&g", "X-A: 1\r\nx-a:  2 \r\n")).status, 204);
  const Request request = seen.get_future().get();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/a/b%20c");
  EXPECT_EQ(request.query, "d=e%20f&g");
  EXPECT_EQ(request.headers, (Headers{{"Host", "x"}, {"X-A", "1"}, {"x-a", "2"}}));
  EXPECT_TRUE(request.remote_address.starts_with("127.0.0.1:"));
}

TEST(Server, ReadsABodyInChunksAndKeepsTheConnection) {
  EchoServer server;
  Client client = server.client();
  const Answer answer = client.ask(
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello world");
  EXPECT_EQ(client.ask(post("again")).body, "again");
}

TEST(Server, CarriesLargeBodiesBothWays) {
  EchoServer server;
  std::string body(1U << 20U, 'a');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  Client client = server.client();
  EXPECT_EQ(client.ask(post(body)).body, body);
  EXPECT_EQ(client.ask(post(body)).body, body);
}

TEST(Server, ReadsARequestThatComesByteByByte) {
  EchoServer server;
  Client client = server.client();
  for (const char c : post("hello")) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.receive().body, "hello");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  EchoServer server;
  Client client = server.client();
  std::string all;
  for (int i = 0; i < 1000; ++i) all += post(std::to_string(i));
  ASSERT_TRUE(client.send("\r\n" + all));  // an empty line before a request is borne
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.receive().body, std::to_string(i));
}

TEST(Server, AnswersPipelinedRequestsInOrderAlsoWhenTheHandlerAnswersLater) {
  LaterServer server;
  Client client = server.client();
  client.send(get("/later/1") + post("2") + get("/later/3"));
  ASSERT_TRUE(server.wait_for(1));
  server.take().front().second({.body = "1"});
  EXPECT_EQ(client.receive().body, "1");
  EXPECT_EQ(client.receive().body, "2");
  ASSERT_TRUE(server.wait_for(1));
  server.take().front().second({.body = "3"});
  EXPECT_EQ(client.receive().body, "3");
}

TEST(Server, TakesManyAnswersFromOtherThreadsAtOnce) {
  LaterServer server([](ServerSettings& s) { s.threads = 2; });
  std::vector<Client> clients;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 50; ++i) {
      if (round == 0) clients.push_back(server.client());
      clients[static_cast<std::size_t>(i)].send(get("/later/" + std::to_string(i)));
    }
    ASSERT_TRUE(server.wait_for(50));
    auto waiting = server.take();
    std::vector<std::thread> threads;
    for (std::size_t part = 0; part < 2; ++part) {
      threads.emplace_back([&waiting, part] {
        for (std::size_t i = part; i < waiting.size(); i += 2)
          waiting[i].second({.body = waiting[i].first});
      });
    }
    for (auto& thread : threads) thread.join();
    for (int i = 0; i < 50; ++i) {
      ASSERT_EQ(clients[static_cast<std::size_t>(i)].receive().body, "/later/" + std::to_string(i));
    }
  }
}

TEST(Server, AnswersHeadWithTheLengthButNoBody) {
  EchoServer server;
  server.add({.method = "GET", .path = "/page", .handle = [](Request, Reply reply) {
                reply({.body = "0123456789"});
              }});
  Client client = server.client();
  client.send("HEAD /page HTTP/1.1\r\nHost: x\r\n\r\n");
  const Answer answer = client.receive(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Content-Length"), "10");
  EXPECT_EQ(client.ask(get("/page")).body, "0123456789");
}

TEST(Server, KnowsWhatItDoesNotServe) {
  EchoServer server;
  Client client = server.client();
  const Answer missing = client.ask(get("/nothing?secret=1"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.field("Content-Type"), "application/problem+json");
  EXPECT_TRUE(missing.body.starts_with("{\"title\":\"Not Found\",\"status\":404,"));
  const Answer method = client.ask(get("/echo"));
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.field("Allow"), "POST");
  EXPECT_EQ(client.ask("BREW /echo HTTP/1.1\r\nHost: x\r\n\r\n").status, 501);
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").status, 404);
  // A body that came with such a request is passed over; the connection stays.
  EXPECT_EQ(client.ask("POST /no HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello").status,
            404);
  EXPECT_EQ(client.ask(post("hello")).body, "hello");
}

TEST(Server, ClosesWhenTheClientWantsIt) {
  EchoServer server;
  Client client = server.client();
  EXPECT_EQ(client.ask(post("a", "Connection: close\r\n")).field("Connection"), "close");
  EXPECT_TRUE(client.is_closed());
}

TEST(Server, SpeaksHttp10) {
  EchoServer server;
  Client closing = server.client();
  EXPECT_EQ(closing.ask("POST /echo HTTP/1.0\r\nContent-Length: 1\r\n\r\na").body, "a");
  EXPECT_TRUE(closing.is_closed());
  Client keeping = server.client();
  for (int i = 0; i < 2; ++i) {
    const Answer answer =
        keeping.ask("POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na");
    EXPECT_EQ(answer.body, "a");
    EXPECT_EQ(answer.field("Connection"), "keep-alive");
  }
}

TEST(Server, SaysContinueOnlyWhenItWantsTheBody) {
  EchoServer server;
  server.add({.method = "POST",
              .path = "/closed",
              .body_bytes_max = 10,
              .admit = [](const RequestHead&) { return problem(401, "Unauthorized"); },
              .handle = [](Request, Reply reply) { reply({}); }});
  const std::string expects = "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  Client client = server.client();
  EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\nHost: x\r\n" + expects).status, 100);
  EXPECT_EQ(client.ask("hello").body, "hello");
  EXPECT_EQ(server.ask("POST /closed HTTP/1.1\r\nHost: x\r\n" + expects).status, 401);
  EXPECT_EQ(server
                .ask("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                     "Content-Length: 2000000\r\n\r\n")
                .status,
            413);
}

TEST(Server, AsksAdmitBeforeTheBodyComes) {
  EchoServer server;
  std::atomic<int> handled{0};
  server.add({.method = "POST",
              .path = "/guarded",
              .body_bytes_max = 10,
              .admit = [](const RequestHead& head) -> std::optional<Response> {
                if (head.headers.find("Authorization") == "yes") return std::nullopt;
                return problem(401, "Unauthorized");
              },
              .handle =
                  [&](Request, Reply reply) {
                    ++handled;
                    reply({.status = 202});
                  }});
  const std::string head = "POST /guarded HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n";
  EXPECT_EQ(server.ask(head + "\r\n").status, 401);  // nothing of the body was sent
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(server.ask(head + "Authorization: yes\r\n\r\nhello").status, 202);
}

TEST(Server, AnswersForAHandlerThatDoesNot) {
  LaterServer server([](ServerSettings& s) { s.request_timeout = std::chrono::milliseconds(100); });
  server.add({.method = "GET", .path = "/throws", .handle = [](Request, Reply) {
                throw std::runtime_error("broken");
              }});
  server.add({.method = "GET", .path = "/forgets", .handle = [](Request, Reply) {}});
  Client client = server.client();
  EXPECT_EQ(client.ask(get("/throws")).status, 500);
  EXPECT_EQ(client.ask(get("/forgets")).status, 500);
  EXPECT_EQ(client.ask(get("/later/1")).status, 503);
  EXPECT_TRUE(client.is_closed());
  for (auto& [path, reply] : server.take()) reply({});  // too late: nothing happens
  EXPECT_NE(server.log_text().find("error=broken"), std::string::npos);
}

TEST(Server, GivesUpARequestWhoseRepliesAreAllDestroyed) {
  LaterServer server;
  Client client = server.client();
  client.send(get("/later/1"));
  ASSERT_TRUE(server.wait_for(1));
  auto waiting = server.take();
  const Reply copy = waiting.front().second;
  waiting.clear();
  Client other = server.client();
  EXPECT_EQ(other.ask(post("a")).status, 200);
  copy({.status = 202});
  EXPECT_EQ(client.receive().status, 202);
  client.send(get("/later/2"));
  ASSERT_TRUE(server.wait_for(1));
  server.take();
  EXPECT_EQ(client.receive().status, 500);
}

TEST(Server, OnlyTheFirstReplyCounts) {
  LaterServer server;
  Client client = server.client();
  client.send(get("/later/1"));
  ASSERT_TRUE(server.wait_for(1));
  auto waiting = server.take();
  waiting.front().second({.body = "first"});
  waiting.front().second({.body = "second"});
  EXPECT_EQ(client.receive().body, "first");
  EXPECT_EQ(client.ask(post("next")).body, "next");
}

TEST(Server, TakesAReplyAfterTheClientAndTheServerHaveGone) {
  Reply late;
  {
    LaterServer server;
    {
      Client client = server.client();
      client.send(get("/later/1") + get("/later/2"));
      ASSERT_TRUE(server.wait_for(1));
    }
    auto waiting = server.take();
    waiting.front().second({.body = std::string(1U << 20U, 'a')});
    EXPECT_TRUE(eventually([&] { return server.metric("cdviz_http_connections") == 0; }));
    Client client = server.client();
    client.send(get("/later/3"));
    EXPECT_TRUE(eventually([&] {
      waiting = server.take();
      return !waiting.empty();
    }));
    late = waiting.front().second;
  }
  late({});
}

TEST(Server, LeavesOutFieldsThatWouldBreakTheAnswer) {
  EchoServer server;
  server.add({.method = "GET", .path = "/fields", .handle = [](Request, Reply reply) {
                reply({.headers = {{"X-Good", "1"},
                                   {"X-Bad", "1\r\nSet-Cookie: a"},
                                   {"Bad Name", "1"},
                                   {"Content-Length", "5"}}});
              }});
  const Answer answer = server.ask(get("/fields"));
  EXPECT_EQ(answer.field("X-Good"), "1");
  EXPECT_EQ(answer.head.find("Set-Cookie"), std::string::npos);
  EXPECT_EQ(answer.head.find("Bad"), std::string::npos);
  EXPECT_EQ(answer.field("Content-Length"), "0");
}

TEST(Server, LetsARequestEndWhoseRouteIsRemoved) {
  LaterServer server;
  Client client = server.client();
  client.send(get("/later/1"));
  ASSERT_TRUE(server.wait_for(1));
  server.registrations.clear();
  EXPECT_EQ(server.ask(get("/later/2")).status, 404);
  server.take().front().second({.body = "1"});
  EXPECT_EQ(client.receive().body, "1");
}

TEST(Server, DoesNotCallARouteThatWasRemovedWhileItsBodyCame) {
  EchoServer server;
  Client client = server.client();
  EXPECT_EQ(client
                .ask("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                     "Content-Length: 5\r\n\r\n")
                .status,
            100);
  server.registrations.clear();
  EXPECT_EQ(client.ask("hello").status, 503);
}

TEST(Server, DrainsByAnsweringWhatIsUnderWay) {
  LaterServer server;
  Client idle = server.client();
  ASSERT_EQ(idle.ask(post("a")).status, 200);
  Client busy = server.client();
  busy.send(get("/later/1"));
  ASSERT_TRUE(server.wait_for(1));
  auto drained =
      std::async(std::launch::async, [&] { return server.server->drain(testing::kPatience); });
  EXPECT_TRUE(idle.is_closed());
  server.take().front().second({.body = "1"});
  const Answer answer = busy.receive();
  EXPECT_EQ(answer.body, "1");
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_TRUE(busy.is_closed());
  EXPECT_TRUE(drained.get());
}

TEST(Server, CutsOffWhatIsNotAnsweredWhenTheDrainIsOver) {
  LaterServer server;
  Client busy = server.client();
  busy.send(get("/later/1"));
  ASSERT_TRUE(server.wait_for(1));
  EXPECT_FALSE(server.server->drain(std::chrono::milliseconds(50)));
  EXPECT_TRUE(busy.is_closed());
}

TEST(Server, SaysWhoHasThePort) {
  EchoServer first;
  testing::TestServer second;
  second.settings.port = first.server->port();
  second.server =
      std::make_unique<Server>(second.settings, second.clock, second.metrics, second.log);
  const auto started = second.server->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().fault, Fault::stop);
  EXPECT_EQ(started.error().message,
            "cannot listen on 127.0.0.1:" + std::to_string(first.server->port()) +
                ": the port is taken by server_test (process " + std::to_string(::getpid()) +
                "); stop that, or set http.port (0: a free one)");
}

TEST(Server, SaysThatAnAddressIsNotOurs) {
  testing::TestServer server;
  server.settings.host = "192.0.2.1";
  server.server =
      std::make_unique<Server>(server.settings, server.clock, server.metrics, server.log);
  const auto started = server.server->start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("192.0.2.1"), std::string::npos);
  EXPECT_NE(started.error().message.find("http.host"), std::string::npos);
}

TEST(Server, CountsAndLogsWithoutTheQuery) {
  EchoServer server;
  server.add({.method = "GET",
              .path = "/broken",
              .handle = [](Request, Reply reply) { reply(problem(500, "Broken")); },
              .component_id = "hook"});
  EXPECT_EQ(server.ask(get("/broken?access_token=secret")).status, 500);
  EXPECT_EQ(server.ask(post("hello")).status, 200);
  EXPECT_EQ(server.metric("cdviz_http_request_duration_seconds_count{component_id=\"hook\","
                          "status=\"5xx\"}"),
            1);
  EXPECT_EQ(server.metric("cdviz_http_request_duration_seconds_count{component_id=\"/echo\","
                          "status=\"2xx\"}"),
            1);
  EXPECT_GT(server.metric("cdviz_http_received_bytes_total"), 100);
  EXPECT_GT(server.metric("cdviz_http_sent_bytes_total"), 100);
  const std::string log = server.log_text();
  EXPECT_NE(log.find("path=/broken"), std::string::npos) << log;
  EXPECT_EQ(log.find("secret"), std::string::npos) << log;
}

TEST(Problem, IsJsonWhateverItSays) {
  const Response response =
      problem(422, "A \"title\"", "line\n\\ \x01 \xff \xc3\xa9", "\"event\":3");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.body,
            "{\"title\":\"A \\\"title\\\"\",\"status\":422,"
            "\"detail\":\"line\\n\\\\ \\u0001 \xef\xbf\xbd \xc3\xa9\",\"event\":3}\n");
}

}  // namespace
}  // namespace cdviz::net
