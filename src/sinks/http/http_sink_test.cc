// The sink against our own server, which answers as a test tells it.
#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "config/load.h"
#include "core/json_spans.h"
#include "net/signature.h"
#include "net/test_client.h"
#include "sinks/http/http.h"

namespace cdviz::sinks::http {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

struct Peer : net::testing::TestServer {
  Peer() {
    start();
    add({.method = "POST",
         .path = "/in",
         .body_bytes_max = 1U << 22U,
         .handle = [this](net::Request request, net::Reply reply) {
           std::unique_lock lock(mutex);
           const std::string id(request.headers.find("ce-id").value_or("?"));
           requests.push_back({id, std::move(request.headers), std::move(request.body)});
           flying_max = std::max(flying_max, ++flying);
           if (holds) return held.push_back(std::move(reply));
           const net::Response response = answer_to(id);
           --flying;
           lock.unlock();
           reply(response);
         }});
  }
  ~Peer() {
    release();
    server.reset();
  }
  net::Response answer_to(const std::string& id) {
    if (const auto first = failures.find(id); first != failures.end() && !first->second.empty()) {
      const net::Response response = first->second.front();
      first->second.erase(first->second.begin());
      return response;
    }
    const auto at = answers.find(id);
    return at == answers.end() ? usual : at->second;
  }
  void answer(const std::string& id, net::Response response) {
    const std::lock_guard lock(mutex);
    answers.insert_or_assign(id, std::move(response));
  }
  /// Answers its first requests with these, one each.
  void fail_first(const std::string& id, std::vector<net::Response> responses) {
    const std::lock_guard lock(mutex);
    failures.insert_or_assign(id, std::move(responses));
  }
  void release() {
    std::vector<net::Reply> replies;
    {
      const std::lock_guard lock(mutex);
      holds = false;
      flying = 0;
      replies.swap(held);
    }
    for (const auto& reply : replies) reply({.status = 202});
  }
  Ids ids() {
    const std::lock_guard lock(mutex);
    Ids all;
    for (const auto& request : requests) all.push_back(request.id);
    return all;
  }
  Ids sorted_ids() {
    auto all = ids();
    std::ranges::sort(all);
    return all;
  }
  void forget() {
    const std::lock_guard lock(mutex);
    requests.clear();
  }
  struct Taken {
    std::string id;
    Headers headers;
    std::string body;
  };
  std::mutex mutex;
  std::vector<Taken> requests;
  std::map<std::string, net::Response> answers;
  std::map<std::string, std::vector<net::Response>> failures;
  net::Response usual{.status = 202};
  std::vector<net::Reply> held;
  bool holds = false;
  int flying = 0, flying_max = 0;
};

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "no server here"}; }
};

struct HttpSinkTest : ::testing::Test {
  std::unique_ptr<Sink> sink(const std::string& more = "content_mode = \"binary\"") {
    return sink_to("http://127.0.0.1:" + std::to_string(peer.server->port()) + "/in", more);
  }
  std::unique_ptr<Sink> sink_to(const std::string& url, const std::string& more) {
    static constexpr std::array<const SinkKind*, 1> kKinds = {&kind};
    loaded = config::load({.built_in = {{"test", "[sinks.out]\ntype = \"http\"\ndestination = \"" +
                                                     url + "\"\n" + more}}},
                          {.sections = {}, .sources = {}, .sinks = kKinds});
    auto made = kind.make(loaded.sinks().at(0).options,
                          {"out", peer.clock, peer.metrics, peer.log, routes});
    return made ? std::move(*made) : nullptr;
  }
  static Event event(const std::string& id, const std::string& subject = "s") {
    return Event({.source = "/ci",
                  .id = id,
                  .type = "dev.cdevents.service.deployed.0.2.0",
                  .timestamp = "2024-05-06T07:08:09Z",
                  .subject_id = subject,
                  .json = "{\"id\":\"" + id + "\"}"});
  }
  static std::vector<Event> events(const Ids& ids) {  // each a subject of its own
    std::vector<Event> all;
    for (const auto& id : ids) all.push_back(event(id, id));
    return all;
  }
  Peer peer;
  NoRoutes routes;
  config::Config loaded;
};

TEST_F(HttpSinkTest, ABatchIsDeliveredWhenEachRequestIsAnswered) {
  const auto to = sink();
  ASSERT_TRUE(to->write(events({"a", "b", "c"}), {}));
  EXPECT_EQ(peer.sorted_ids(), (Ids{"a", "b", "c"}));
  EXPECT_EQ(peer.metric("cdviz_http_sink_requests_total{answer=\"2xx\",component_id=\"out\"}"), 3);
  EXPECT_EQ(peer.metric("cdviz_circuit_open{component_id=\"out\"}"), 0);
}

TEST_F(HttpSinkTest, EventsOfOneSubjectGoOneAfterTheOtherAndOthersBeside) {
  const auto to = sink("content_mode = \"binary\"\nrequests_in_flight_max = 4");
  std::vector<Event> batch;
  for (int i = 0; i < 60; ++i) {
    batch.push_back(event(std::to_string(i), std::to_string(i % 3)));
  }
  ASSERT_TRUE(to->write(batch, {}));
  std::map<int, int> last{{0, -1}, {1, -1}, {2, -1}};
  for (const auto& id : peer.ids()) {
    const int number = std::stoi(id);
    EXPECT_GT(number, last[number % 3]);
    last[number % 3] = number;
  }
  EXPECT_EQ(peer.ids().size(), 60U);
  EXPECT_LE(peer.flying_max, 3);
}

TEST_F(HttpSinkTest, WhatWasDeliveredOfABatchThatFailedIsNotSentAgain) {
  peer.answer("b", {.status = 503, .headers = {{"Retry-After", "9"}}});
  const auto to = sink();
  const auto batch = events({"a", "b", "c"});
  const auto written = to->write(batch, {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::retry);
  EXPECT_EQ(written.error().code, "http_503");
  EXPECT_EQ(written.error().retry_after, 9s);
  EXPECT_EQ(peer.sorted_ids(), (Ids{"a", "b", "c"}));

  peer.forget();
  peer.answer("b", {.status = 202});
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(peer.ids(), Ids{"b"});
  EXPECT_EQ(peer.metric("cdviz_http_sink_not_sent_again_total{component_id=\"out\"}"), 2);

  peer.forget();  // once the batch is through nothing is remembered
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(peer.sorted_ids(), (Ids{"a", "b", "c"}));
}

TEST_F(HttpSinkTest, AFailureNowAndThenIsTriedAgainWithinTheWrite) {
  peer.fail_first("b", {{.status = 500}, {.status = 429}, {.status = 408}});
  const auto to = sink("content_mode = \"binary\"\nrequests_in_flight_max = 2");
  ASSERT_TRUE(to->write(events({"a", "b", "c", "d", "e", "f"}), {}));  // one write for all of that
  EXPECT_EQ(peer.sorted_ids(), (Ids{"a", "b", "b", "b", "b", "c", "d", "e", "f"}));
  EXPECT_EQ(peer.metric("cdviz_http_sink_sent_again_total{component_id=\"out\"}"), 3);
}

TEST_F(HttpSinkTest, WhatIsTriedAgainKeepsTheOrderOfItsSubject) {
  for (int i = 0; i < 60; i += 7) {
    peer.fail_first(std::to_string(i), {{.status = 503}, {.status = 503}});
  }
  const auto to = sink("content_mode = \"binary\"\nrequests_in_flight_max = 4");
  std::vector<Event> batch;
  for (int i = 0; i < 60; ++i) batch.push_back(event(std::to_string(i), std::to_string(i % 5)));
  while (!to->write(batch, {})) {
  }
  std::map<int, int> last;
  for (const auto& id : peer.ids()) {
    const int number = std::stoi(id);
    const auto [at, is_new] = last.try_emplace(number % 5, number);
    EXPECT_LE(at->second, number) << is_new;
    at->second = number;
  }
  EXPECT_EQ(peer.ids().size(), 60U + 2U * 9U);
}

TEST_F(HttpSinkTest, AShortRetryAfterIsWaitedForWithinTheWrite) {
  peer.fail_first("a", {{.status = 503, .headers = {{"Retry-After", "1"}}}});
  const auto to = sink("content_mode = \"binary\"\nrequests_in_flight_max = 1");
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(to->write(events({"a", "b"}), {}));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 1s);
  EXPECT_EQ(peer.ids(), (Ids{"a", "a", "b"}));
}

TEST_F(HttpSinkTest, AStopDoesNotWaitForWhatWouldBeTriedAgain) {
  peer.answer("a", {.status = 503, .headers = {{"Retry-After", "2"}}});
  const auto to = sink();
  std::stop_source stop;
  Result<void> written;
  {
    std::jthread writer([&] { written = to->write(events({"a"}), stop.get_token()); });
    ASSERT_TRUE(net::testing::eventually([&] { return peer.ids().size() == 1; }));
    stop.request_stop();
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::retry);
  EXPECT_EQ(peer.ids(), Ids{"a"});
}

TEST_F(HttpSinkTest, WhatFollowsAFailureInItsSubjectWaits) {
  peer.answer("a", {.status = 500});
  const auto to = sink();
  ASSERT_FALSE(to->write(std::array{event("a"), event("b")}, {}));
  EXPECT_EQ(peer.ids(), (Ids{"a", "a", "a"}));
}

TEST_F(HttpSinkTest, ARejectedEventIsFoundByHalvingWithoutSendingAnythingTwice) {
  peer.answer("bad", {.status = 422});
  const auto to = sink();
  const auto batch = events({"a", "b", "bad", "c"});
  const std::span all(batch);
  ASSERT_EQ(to->write(all, {}).error().fault, Fault::reject);  // as the dispatcher goes on:
  ASSERT_TRUE(to->write(all.first(2), {}));
  ASSERT_EQ(to->write(all.subspan(2), {}).error().fault, Fault::reject);
  const auto alone = to->write(all.subspan(2, 1), {});
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().fault, Fault::reject);
  EXPECT_EQ(alone.error().code, "http_422");
  ASSERT_TRUE(to->write(all.subspan(3), {}));
  EXPECT_EQ(peer.sorted_ids(), (Ids{"a", "b", "bad", "c"}));
  peer.answer("bad", {.status = 202});  // a replay of the dead letter is a new try
  ASSERT_TRUE(to->write(all.subspan(2, 1), {}));
}

TEST_F(HttpSinkTest, ARejectedEventDoesNotHoldBackItsSubject) {
  peer.answer("bad", {.status = 400});
  const auto to = sink();
  ASSERT_FALSE(to->write(std::array{event("bad"), event("b")}, {}));
  EXPECT_EQ(peer.ids(), (Ids{"bad", "b"}));
}

TEST_F(HttpSinkTest, CredentialsThatAreNotTakenStopTheSink) {
  peer.usual = {.status = 401};
  const auto to = sink();
  const auto written = to->write(events({"a", "b"}), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::stop);
  EXPECT_EQ(peer.metric("cdviz_circuit_open{component_id=\"out\"}"), 0);
}

TEST_F(HttpSinkTest, AfterFailuresInARowOneRequestProbes) {
  peer.usual = {.status = 503};
  const auto to = sink();
  const auto batch = events({"a", "b", "c", "d"});
  for (int i = 0; i < 5; ++i) ASSERT_FALSE(to->write(batch, {}));
  EXPECT_EQ(peer.metric("cdviz_circuit_open{component_id=\"out\"}"), 1);
  EXPECT_GE(peer.ids().size(), 20U);
  peer.forget();
  ASSERT_FALSE(to->write(batch, {}));
  EXPECT_EQ(peer.ids(), Ids{"a"});
  peer.forget();
  peer.usual = {.status = 202};
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(peer.metric("cdviz_circuit_open{component_id=\"out\"}"), 0);
  EXPECT_EQ(peer.sorted_ids(), (Ids{"a", "b", "c", "d"}));
}

TEST_F(HttpSinkTest, AStopEndsTheWriteAndWhatWasAnsweredIsRemembered) {
  const auto to = sink();
  const auto batch = events({"a", "b"});
  peer.answer("a", {.status = 202});
  {
    const std::lock_guard lock(peer.mutex);
    peer.holds = true;
  }
  std::stop_source stop;
  Result<void> written;
  const auto began = std::chrono::steady_clock::now();
  {
    std::jthread writer([&] { written = to->write(batch, stop.get_token()); });
    ASSERT_TRUE(net::testing::eventually([&] { return peer.ids().size() == 2; }));
    stop.request_stop();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, net::testing::kPatience);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::retry);
  peer.release();
  ASSERT_TRUE(to->write(batch, {}));
}

TEST_F(HttpSinkTest, ABatchIsOneRequestWhenAskedFor) {
  const auto to = sink("content_mode = \"batch\"");
  ASSERT_TRUE(to->write(events({"a", "b", "c"}), {}));
  ASSERT_EQ(peer.requests.size(), 1U);
  EXPECT_EQ(peer.requests[0].headers.find("content-type"),
            "application/cloudevents-batch+json; charset=UTF-8");
  const auto tree = json::Tree::read(peer.requests[0].body);
  ASSERT_TRUE(tree);
  int count = 0;
  for (const auto one : tree->root().children()) count += one.is_object() ? 1 : 0;
  EXPECT_EQ(count, 3);
  peer.usual = {.status = 500};
  EXPECT_EQ(to->write(events({"d"}), {}).error().fault, Fault::retry);
}

TEST_F(HttpSinkTest, HeadersAndSignaturesGoWithEachRequest) {
  const auto to = sink(R"(content_mode = "binary"
[sinks.out.headers]
Authorization = { type = "secret", value = "t0ken", prefix = "Bearer " }
X-Team = { type = "static", value = "a" }
X-Signature = { type = "signature", token = "key", signature_prefix = "sha256=", signature_on = { headers_then_body = { separator = ".", headers = ["ce-id", "x-team"] } } }
)");
  ASSERT_TRUE(to) << config::to_string(loaded.mistakes().at(0));
  ASSERT_TRUE(to->write(events({"a"}), {}));
  const auto& headers = peer.requests.at(0).headers;
  EXPECT_EQ(headers.find("authorization"), "Bearer t0ken");
  EXPECT_EQ(headers.find("x-team"), "a");
  auto signature = net::Signature::make({.keys = {"key"},
                                         .prefix = "sha256=",
                                         .signed_headers = {"ce-id", "x-team"},
                                         .separator = "."});
  EXPECT_TRUE(signature->verifies(*headers.find("x-signature"), headers, peer.requests[0].body));
}

TEST_F(HttpSinkTest, AnAnswerThatRepeatsASecretIsNotTold) {
  peer.usual = {.status = 400,
                .content_type = "application/problem+json",
                .body = R"({"detail":"you sent Bearer t0ken"})"};
  const auto to = sink("headers.Authorization = { type = \"secret\", value = \"Bearer t0ken\" }");
  const auto written = to->write(events({"a"}), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::reject);
  EXPECT_EQ(written.error().message.find("t0ken"), std::string::npos) << written.error().message;
}

TEST_F(HttpSinkTest, WhatIsWrongWithOptionsIsToldAndNothingIsMade) {
  EXPECT_FALSE(sink_to("ftp://example.com", ""));
  EXPECT_FALSE(sink("[sinks.out.tls]\ncertificate = \"c.pem\""));
  EXPECT_FALSE(sink("headers.X-A = { type = \"static\" }"));
  EXPECT_FALSE(sink("headers.X-A = { type = \"signature\" }"));
  EXPECT_FALSE(sink("headers.X-A = { type = \"static\", value = \"a\\nb\" }"));
  EXPECT_FALSE(sink("headers.X-A = { type = \"static\", value = \"a\", token = \"t\" }"));
  EXPECT_FALSE(sink("headers.Content-Type = { type = \"static\", value = \"text/plain\" }"));
  EXPECT_TRUE(sink("headers.X-A = { type = \"static\", value = \"a\" }"));
}

TEST_F(HttpSinkTest, KeysOfTheExistingCollectorAreTaken) {
  EXPECT_TRUE(
      sink("total_duration_of_retries = \"30m\"\nlog_errors = true\n"
           "log_full_response_on_error = false\nuser_agent = \"old\""));
}

TEST_F(HttpSinkTest, ReachAsksAndChangesNothing) {
  const auto to = sink();
  const Services services{"out", peer.clock, peer.metrics, peer.log, routes};
  EXPECT_TRUE(kind.reach(loaded.sinks().at(0).options, services));
  EXPECT_TRUE(peer.ids().empty());
  const auto away = sink_to("http://127.0.0.1:1/", "");
  const auto reached = kind.reach(loaded.sinks().at(0).options, services);
  ASSERT_FALSE(reached);
  EXPECT_EQ(reached.error().code, "network");
}

}  // namespace
}  // namespace cdviz::sinks::http
