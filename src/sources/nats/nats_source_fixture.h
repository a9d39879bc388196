// A source as a configuration makes it, running against a real nats-server.
#pragma once

#include <array>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "nats/connection.h"
#include "nats/jetstream.h"
#include "nats/testing/server.h"
#include "sources/nats/nats.h"
#include "sources/nats/test_inlet.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::nats {

class NatsSourceFixture : public ::testing::Test {
 protected:
  using Server = cdviz::nats::testing::Server;
  using Connection = cdviz::nats::Connection;

  void SetUp() override {
    if (const auto why = Server::missing(); !why.empty()) GTEST_SKIP() << why;
    static int count = 0;
    name = fmt::format("T{}", ++count);
    server = &Server::shared();
  }
  void TearDown() override { stop(); }

  config::Options options_of(const std::string& toml) {
    static constexpr std::array<const SourceKind*, 1> kKinds = {&kind};
    config::Input input;
    input.built_in = {
        {"test", "[sources.in]\nenabled = true\n[sources.in.extractor]\ntype = \"nats\"\n" + toml}};
    loaded = config::load(input, config::Catalogue{{}, kKinds, {}});
    EXPECT_TRUE(loaded.valid()) << (loaded.valid() ? "" : loaded.mistakes().front().message);
    return loaded.sources().at(0).options;
  }
  Services services() { return {"in", clock, metrics, log, routes}; }

  /// As the pipeline does: again after a failure, with a short pause.
  void start(const std::string& toml) {
    auto made =
        kind.make(options_of(fmt::format("servers = \"{}\"\n{}", server->url(), toml)), services());
    ASSERT_TRUE(made) << (loaded.mistakes().empty() ? "" : loaded.mistakes().front().message);
    source = std::move(*made);
    stopping = std::stop_source();
    thread = std::thread([this, token = stopping.get_token()] {
      while (!token.stop_requested()) {
        last = source->run(inlet, token);
        if (!last) clock.wait(std::chrono::milliseconds(20), token);
      }
    });
  }
  /// @param more  besides stream and consumer
  void start_pull(const std::string& more = {}) {
    start(fmt::format(
        "mode = \"jetstream\"\nstream = \"{0}\"\nconsumer = \"c\"\nsubject = \"{0}.>\"\n"
        "create_stream = true\n{1}",
        name, more));
  }
  void stop() {
    if (!thread.joinable()) return;
    stopping.request_stop();
    thread.join();
    source.reset();
  }

  std::unique_ptr<Connection> connect() const {
    auto opened = Connection::open({.servers = {server->url()}, .name = "peer"}, {});
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  void make_stream() const {
    const auto made = connect()->request(
        "$JS.API.STREAM.CREATE." + name,
        fmt::format(R"({{"name":"{0}","subjects":["{0}.>"]}})", name), std::chrono::seconds(5));
    ASSERT_TRUE(made) << made.error().message;
  }
  /// Into the stream, and stored there; headers: none.
  void publish(Connection& peer, const std::string& body) const {
    const auto answer = peer.request(name + ".x", body, std::chrono::seconds(5));
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_TRUE(cdviz::nats::read_publish_answer(answer->body)->stored) << answer->body;
  }
  /// A number out of the server's view of the consumer.
  int of_consumer(const std::string& key) const {
    const auto info =
        connect()->request("$JS.API.CONSUMER.INFO." + name + ".c", "", std::chrono::seconds(5));
    const auto at = info ? info->body.find("\"" + key + "\":") : std::string::npos;
    return at == std::string::npos ? -1 : std::atoi(info->body.c_str() + at + key.size() + 3);
  }
  template <class Condition>
  bool eventually(Condition condition) const {
    for (int i = 0; i < 3000; ++i) {
      if (condition()) return true;
      clock.wait(std::chrono::milliseconds(10), {});
    }
    return false;
  }
  double answers(const char* answer) {
    return metrics
        .counter("cdviz_nats_answers_total", "", {{"component_id", "in"}, {"answer", answer}})
        .Value();
  }

  std::string name;
  Server* server = nullptr;
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  NoRoutes routes;
  config::Config loaded;
  TestInlet inlet;
  std::unique_ptr<Source> source;
  std::stop_source stopping;
  std::thread thread;
  Result<void> last;
};

}  // namespace cdviz::sources::nats
