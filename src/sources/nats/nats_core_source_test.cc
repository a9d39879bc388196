// Against a real nats-server.
#include <csignal>

#include <gmock/gmock.h>

#include "sources/nats/nats_source_fixture.h"

namespace cdviz::sources::nats {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class CoreSource : public NatsSourceFixture {
 protected:
  /// Publishes until something has come: nobody knows from when a subscription listens.
  void publish_until_heard(Connection& peer, const std::string& subject) {
    ASSERT_TRUE(eventually([&] {
      static_cast<void>(peer.publish(subject, "", {}, "hello"));
      static_cast<void>(peer.flush(5s));
      return !inlet.bodies().empty();
    }));
  }
};

TEST_F(CoreSource, WhatIsPublishedWhileItListensComesInOrder) {
  start(fmt::format("mode = \"core\"\nsubject = \"{0}.a, {0}.b.*\"", name));
  auto peer = connect();
  publish_until_heard(*peer, name + ".a");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(peer->publish(name + ".b." + std::to_string(i), "", {}, std::to_string(i)));
  }
  ASSERT_TRUE(peer->publish(name + ".c", "", {}, "elsewhere"));
  ASSERT_TRUE(peer->flush(5s));
  ASSERT_TRUE(eventually([&] { return inlet.bodies().back() == "99"; }));
  int next = 0;
  for (const auto& body : inlet.bodies()) {
    if (body == "hello") continue;
    EXPECT_EQ(body, std::to_string(next++));
  }
  EXPECT_EQ(next, 100);
}

TEST_F(CoreSource, OneMemberOfAGroupGetsEachMessage) {
  const auto toml = fmt::format("mode = \"core\"\nsubject = \"{}\"\nqueue_group = \"g\"", name);
  start(toml);
  TestInlet other_inlet;
  auto other =
      kind.make(options_of(fmt::format("servers = \"{}\"\n{}", server->url(), toml)), services());
  ASSERT_TRUE(other);
  std::jthread runs(
      [&](const std::stop_token& token) { static_cast<void>((*other)->run(other_inlet, token)); });
  auto peer = connect();
  std::size_t sent = 0;
  ASSERT_TRUE(eventually([&] {  // until both have something
    EXPECT_TRUE(peer->publish(name, "", {}, std::to_string(sent++)));
    EXPECT_TRUE(peer->flush(5s));
    return !inlet.bodies().empty() && !other_inlet.bodies().empty();
  }));
  const std::size_t from = sent;
  for (; sent < from + 200; ++sent) ASSERT_TRUE(peer->publish(name, "", {}, std::to_string(sent)));
  ASSERT_TRUE(peer->flush(5s));
  const auto of_both = [&](std::size_t at_least) {
    std::size_t count = 0;
    for (const auto& bodies : {inlet.bodies(), other_inlet.bodies()}) {
      for (const auto& body : bodies) count += std::stoul(body) >= at_least ? 1U : 0U;
    }
    return count;
  };
  EXPECT_TRUE(eventually([&] { return of_both(from) >= 200; }));
  EXPECT_EQ(of_both(from), 200U);
  runs.request_stop();
}

TEST_F(CoreSource, AServerThatComesBackIsListenedToAgain) {
  Server own;
  server = &own;
  start(fmt::format("mode = \"core\"\nsubject = \"{}\"", name));
  publish_until_heard(*connect(), name);
  own.stop(SIGTERM);
  own.start();
  const auto before = inlet.bodies().size();
  auto peer = connect();
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(peer->publish(name, "", {}, "again"));
    static_cast<void>(peer->flush(5s));
    return inlet.bodies().size() > before;
  }));
  stop();
}

TEST_F(CoreSource, WhatTheQueueDoesNotTakeIsCounted) {
  start(fmt::format("mode = \"core\"\nsubject = \"{}\"", name));
  auto peer = connect();
  publish_until_heard(*peer, name);
  inlet.fail_next(1);
  ASSERT_TRUE(peer->publish(name, "", {}, "lost"));
  ASSERT_TRUE(peer->flush(5s));
  EXPECT_TRUE(eventually([&] {
    return metrics.counter("cdviz_nats_lost_messages_total", "", {{"component_id", "in"}})
               .Value() == 1;
  }));
}

TEST_F(CoreSource, AStopIsAnsweredSoon) {
  start(fmt::format("mode = \"core\"\nsubject = \"{}\"", name));
  publish_until_heard(*connect(), name);
  const auto began = clock.now();
  stop();
  EXPECT_LT(clock.now() - began, 5s);
  EXPECT_TRUE(last);
}

}  // namespace
}  // namespace cdviz::sources::nats
