// Against a real nats-server.
#include <array>
#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "nats/jetstream.h"
#include "nats/testing/server.h"
#include "net/routes.h"
#include "sinks/nats/nats.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::nats {
namespace {

using namespace std::chrono_literals;
using cdviz::nats::Connection;
using cdviz::nats::Incoming;
using cdviz::nats::Mailbox;
using cdviz::nats::testing::Server;
using ::testing::HasSubstr;

Event event_of(const std::string& id, std::size_t pad = 0,
               const std::string& type = "dev.cdevents.service.deployed.0.3.0") {
  return Event(
      EventData{.source = "/ci",
                .id = id,
                .type = type,
                .timestamp = "2026-03-01T12:00:00Z",
                .subject_id = "svc",
                .json = R"({"id":")" + id + R"(","pad":")" + std::string(pad, 'x') + "\"}"});
}

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "no server here"}; }
};

class NatsSink : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = Server::missing(); !why.empty()) GTEST_SKIP() << why;
    name = fmt::format("T{}", ++count);
  }
  static Server& server() { return Server::shared(); }

  config::Options options_of(const std::string& toml, bool valid = true) {
    static constexpr std::array<const SinkKind*, 1> kKinds = {&kind};
    config::Input input;
    input.built_in = {{"test", "[sinks.out]\nenabled = true\ntype = \"nats\"\n" + toml}};
    loaded = config::load(input, config::Catalogue{{}, {}, kKinds});
    EXPECT_EQ(loaded.valid(), valid) << (loaded.valid() ? "" : loaded.mistakes().front().message);
    return loaded.sinks().at(0).options;
  }
  Services services() { return {"out", clock, metrics, log, routes}; }
  std::unique_ptr<Sink> sink(const std::string& more, const std::string& url = server().url()) {
    auto made = kind.make(options_of(fmt::format("servers = \"{}\"\n{}", url, more)), services());
    EXPECT_TRUE(made);
    return made ? std::move(*made) : nullptr;
  }
  /// Into a stream of the test's own.
  std::unique_ptr<Sink> stream_sink(const std::string& more = {}) {
    return sink(fmt::format(
        "stream = \"{0}\"\ncreate_stream = true\nsubject = \"{0}.{{type}}\"\n{1}", name, more));
  }
  std::string mistake(const std::string& toml) {
    const auto options = options_of("servers = \"a\"\n" + toml, true);
    EXPECT_FALSE(kind.make(options, services()));
    return loaded.mistakes().empty() ? "none" : loaded.mistakes().front().message;
  }
  std::unique_ptr<Connection> connect() {
    auto opened = Connection::open({.servers = {server().url()}, .name = "peer"}, {});
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  /// Messages that the stream holds.
  int stored() {
    const auto info = connect()->request("$JS.API.STREAM.INFO." + name, "", 5s);
    const auto at = info ? info->body.find("\"messages\":") : std::string::npos;
    return at == std::string::npos ? -1 : std::atoi(info->body.c_str() + at + 11);
  }
  double counted(const char* metric) {
    return metrics.counter(metric, "", {{"component_id", "out"}}).Value();
  }

  static int count;
  std::string name;
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  NoRoutes routes;
  config::Config loaded;
};
int NatsSink::count = 0;

TEST_F(NatsSink, ABatchIsInTheStreamAndTheSameBatchAgainChangesNothing) {
  const auto to = stream_sink();
  const std::array batch{event_of("a"), event_of("b"), event_of("a")};
  const auto sent = to->write(batch, {});
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(stored(), 2);
  ASSERT_TRUE(to->write(batch, {}));
  EXPECT_EQ(stored(), 2);
  EXPECT_EQ(counted("cdviz_duplicate_events_total"), 4);
  EXPECT_EQ(counted("cdviz_connections_opened_total"), 1);
}

TEST_F(NatsSink, WithoutAStreamTheEventsWait) {
  const auto to = sink("subject = \"nobody.takes.this\"");
  const std::array batch{event_of("a")};
  const auto sent = to->write(batch, {});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::retry);
  EXPECT_THAT(sent.error().message, HasSubstr("no stream"));
}

TEST_F(NatsSink, AnotherStreamThanTheOneThatIsNamedStops) {
  ASSERT_TRUE(ensure_stream(*connect(), "", {.name = name + "X", .subjects = {name + ".>"}}));
  const auto to = sink(fmt::format("stream = \"OTHER\"\nsubject = \"{}.a\"", name));
  const std::array batch{event_of("a")};
  const auto sent = to->write(batch, {});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::stop) << sent.error().message;
}

TEST_F(NatsSink, AnEventThatIsTooLargeIsRejectedBeforeAnythingIsSent) {
  const auto to = stream_sink();
  const std::array batch{event_of("small"), event_of("large", 2'000'000)};
  const auto sent = to->write(batch, {});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::reject);
  EXPECT_EQ(sent.error().code, "nats_max_payload");
  EXPECT_EQ(stored(), 0);
  EXPECT_TRUE(to->write(std::array{event_of("small")}, {}));
  EXPECT_EQ(counted("cdviz_connections_opened_total"), 1);
}

TEST_F(NatsSink, AnEventLargerThanTheStreamTakesIsRejected) {
  auto peer = connect();
  ASSERT_TRUE(peer->request(
      "$JS.API.STREAM.CREATE." + name,
      fmt::format(R"({{"name":"{0}","subjects":["{0}.>"],"max_msg_size":1500}})", name), 5s));
  const auto to = stream_sink();
  const std::array batch{event_of("small"), event_of("large", 4000)};
  const auto sent = to->write(batch, {});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::reject) << sent.error().message;
  EXPECT_EQ(sent.error().code, "js_10054");
  EXPECT_TRUE(to->write(std::span(batch).first(1), {}));
  EXPECT_EQ(stored(), 1);
}

TEST_F(NatsSink, AFullStreamThatRefusesNewOnesIsTriedAgain) {
  auto peer = connect();
  ASSERT_TRUE(peer->request(
      "$JS.API.STREAM.CREATE." + name,
      fmt::format(R"({{"name":"{0}","subjects":["{0}.>"],"max_msgs":1,"discard":"new"}})", name),
      5s));
  const auto to = stream_sink();
  EXPECT_TRUE(to->write(std::array{event_of("a")}, {}));
  const auto sent = to->write(std::array{event_of("b")}, {});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::retry) << sent.error().message;
}

TEST_F(NatsSink, CoreReachesWhoeverListensInTheOrderOfTheEvents) {
  auto peer = connect();
  Mailbox mailbox(1000, 1'000'000);
  auto subscription =
      peer->subscribe(name + ".>", "", [&](Incoming&& m) { mailbox.put(std::move(m)); });
  ASSERT_TRUE(subscription);
  ASSERT_TRUE(peer->flush(5s));
  const auto to = sink(fmt::format(
      "mode = \"core\"\ncontent_mode = \"binary\"\nsubject = \"{}.{{subject}}\"", name));
  std::vector<Event> batch;
  for (int i = 0; i < 100; ++i) batch.push_back(event_of(std::to_string(i)));
  ASSERT_TRUE(to->write(batch, {}));
  std::vector<Incoming> got;
  while (got.size() < batch.size()) {
    auto some = mailbox.take(5s, {});
    ASSERT_FALSE(some.empty());
    for (auto& m : some) got.push_back(std::move(m));
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    EXPECT_EQ(got[i].subject, name + ".service");
    EXPECT_EQ(got[i].body, batch[i]->json);
    EXPECT_EQ(got[i].headers.find("ce-id"), batch[i]->id);
  }
  mailbox.close();
}

TEST_F(NatsSink, AServerThatComesBackTakesTheBatchOnce) {
  Server own;
  const auto to =
      sink("stream = \"R\"\ncreate_stream = true\nsubject = \"r.{type}\"\nconnect_timeout = \"2s\"",
           own.url());
  EXPECT_TRUE(to->write(std::array{event_of("a")}, {}));
  own.stop(SIGKILL);
  const std::array batch{event_of("b"), event_of("c")};
  const auto away = to->write(batch, {});
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().fault, Fault::retry);
  own.start();
  auto sent = to->write(batch, {});
  for (int i = 0; i < 100 && !sent; ++i) {  // JetStream begins a moment after the server
    std::this_thread::sleep_for(50ms);
    sent = to->write(batch, {});
  }
  ASSERT_TRUE(sent) << sent.error().message;
}

TEST_F(NatsSink, AStopEndsTheWaitForAnswers) {
  auto peer = connect();
  Mailbox mailbox(10, 1'000'000);
  auto silent = peer->subscribe(name, "", [&](Incoming&& m) { mailbox.put(std::move(m)); });
  ASSERT_TRUE(silent);
  ASSERT_TRUE(peer->flush(5s));
  const auto to = sink(fmt::format("subject = \"{}\"\ntimeout = \"10m\"", name));
  std::stop_source stop;
  std::jthread asker([&] {
    while (mailbox.take(10s, {}).empty()) {
    }
    stop.request_stop();
  });
  const auto sent = to->write(std::array{event_of("a")}, stop.get_token());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, "stopped");
  asker.join();
  mailbox.close();
}

TEST_F(NatsSink, WrongOptionsAreToldAtTheStart) {
  EXPECT_THAT(mistake("subject = \"a.{nothing}\""), HasSubstr("nothing"));
  EXPECT_THAT(mistake("subject = \"a b\""), HasSubstr("space"));
  EXPECT_THAT(mistake("subject = \"a.*\""), HasSubstr("wildcard"));
  EXPECT_THAT(mistake("subject = \"$JS.{type}\""), HasSubstr("$"));
  EXPECT_THAT(mistake("create_stream = true"), HasSubstr("missing"));
  EXPECT_THAT(mistake("stream = \"a.b\""), HasSubstr("dot"));
  EXPECT_THAT(mistake("mode = \"core\"\nstream = \"S\""), HasSubstr("jetstream"));
  EXPECT_THAT(mistake("create_stream = true\nstream = \"S\"\nsubject = \"{type}\""),
              HasSubstr("begins with a place"));
}

TEST_F(NatsSink, ReachFindsTheStream) {
  const std::string toml = fmt::format("servers = \"{}\"\nstream = \"{}\"\n", server().url(), name);
  EXPECT_EQ(kind.reach(options_of(toml), services()).error().code, "js_10059");
  ASSERT_TRUE(ensure_stream(*connect(), "", {.name = name, .subjects = {name}}));
  EXPECT_TRUE(kind.reach(options_of(toml), services()));
  EXPECT_FALSE(kind.reach(options_of("servers = \"nats://127.0.0.1:1\""), services()));
}

}  // namespace
}  // namespace cdviz::sinks::nats
