// Against a real nats-server.
#include <csignal>

#include <gmock/gmock.h>

#include "core/limits.h"
#include "sources/nats/nats_source_fixture.h"

namespace cdviz::sources::nats {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

class PullSource : public NatsSourceFixture {
 protected:
  static std::vector<std::string> numbers(int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(std::to_string(i));
    return all;
  }
  void publish_numbers(int count) {
    auto peer = connect();
    for (const auto& one : numbers(count)) publish(*peer, one);
  }
};

TEST_F(PullSource, MessagesComeInOrderAndAreAcknowledgedOnceTheyAreStored) {
  make_stream();
  publish_numbers(50);
  inlet.hold();
  start_pull();
  inlet.wait_for_offers(1);
  EXPECT_EQ(answers("ack"), 0);
  inlet.let_go();
  inlet.wait_for(50);
  EXPECT_EQ(inlet.bodies(), numbers(50));
  EXPECT_TRUE(eventually([&] { return of_consumer("num_ack_pending") == 0; }));
  EXPECT_EQ(answers("ack"), 50);
  const auto messages = inlet.wait_for(50);
  EXPECT_THAT(messages[0].metadata, HasSubstr("\"sequence\":1,\"delivered\":1,"));
}

TEST_F(PullSource, PoisonIsGivenUpAndHoldsNothingUp) {
  make_stream();
  auto peer = connect();
  publish(*peer, "good-1");
  publish(*peer, "poison");
  publish(*peer, "[\"a\",poison]");  // one of two
  publish(*peer, "good-2");
  start_pull();
  inlet.wait_for(5);
  EXPECT_THAT(inlet.bodies(), ElementsAre("good-1", "poison", "\"a\"", "poison", "good-2"));
  EXPECT_TRUE(eventually([&] { return answers("term") + answers("ack") == 4; }));
  EXPECT_EQ(answers("term"), 1);
  EXPECT_TRUE(eventually([&] { return of_consumer("num_ack_pending") == 0; }));
}

TEST_F(PullSource, LargeArraysDoNotMakeOneLargeBatch) {
  make_stream();
  auto peer = connect();
  std::string array = "[0";
  for (int i = 1; i < 6000; ++i) array += ",0";
  for (int i = 0; i < 5; ++i) publish(*peer, array + "]");
  start_pull();
  EXPECT_EQ(inlet.wait_for(30'000).size(), 30'000U);
  EXPECT_LE(inlet.largest(), limits::kBatchEvents);
  EXPECT_TRUE(eventually([&] { return answers("ack") == 5; }));
}

TEST_F(PullSource, WhileAnEventWaitsForTheDiskTheServerIsTold) {
  make_stream();
  inlet.hold();
  start_pull("ack_wait = \"1s\"");
  publish_numbers(3);
  EXPECT_TRUE(eventually([&] { return answers("in_progress") >= 18; }));  // two seconds
  inlet.let_go();
  inlet.wait_for(3);
  EXPECT_TRUE(eventually([&] { return of_consumer("num_ack_pending") == 0; }));
  EXPECT_EQ(inlet.bodies(), numbers(3)) << "nothing was delivered again";
  EXPECT_EQ(of_consumer("num_redelivered"), 0);
}

TEST_F(PullSource, AFullQueueHoldsAndThenGivesBackAndTheOrderStays) {
  make_stream();
  inlet.set_full(true);
  start_pull("hold_when_full = \"300ms\"\nnak_delay = \"300ms\"");
  publish_numbers(20);
  EXPECT_TRUE(eventually([&] { return answers("nak") >= 20; }));
  inlet.set_full(false);
  inlet.wait_for(20);
  EXPECT_TRUE(eventually([&] { return of_consumer("num_ack_pending") == 0; }));
  EXPECT_EQ(inlet.bodies(), numbers(20));
}

TEST_F(PullSource, ABatchThatCouldNotBeStoredIsOfferedAgainBeforeTheOthers) {
  make_stream();
  publish_numbers(10);
  inlet.fail_next(2);
  start_pull();
  inlet.wait_for(10);
  EXPECT_EQ(inlet.bodies(), numbers(10));
  EXPECT_TRUE(eventually([&] { return of_consumer("num_ack_pending") == 0; }));
}

TEST_F(PullSource, ADeletedConsumerIsMadeAgain) {
  make_stream();
  publish_numbers(5);
  start_pull();
  inlet.wait_for(5);
  ASSERT_TRUE(connect()->request("$JS.API.CONSUMER.DELETE." + name + ".c", "", 5s));
  auto peer = connect();
  publish(*peer, "after");
  const auto deadline = clock.now() + 30s;
  EXPECT_TRUE(eventually([&] {
    const auto bodies = inlet.bodies();
    return !bodies.empty() && bodies.back() == "after";
  }));
  EXPECT_LT(clock.now(), deadline);
  EXPECT_TRUE(eventually([&] { return of_consumer("num_ack_pending") == 0; }));
}

TEST_F(PullSource, AStreamThatIsDeletedAndMadeAgainIsTakenFromItsStart) {
  make_stream();
  publish_numbers(5);
  inlet.hold();
  start_pull();
  inlet.wait_for_offers(1);  // five are held, not acknowledged
  ASSERT_TRUE(connect()->request("$JS.API.STREAM.DELETE." + name, "", 5s));
  make_stream();
  auto peer = connect();
  publish(*peer, "new-1");
  publish(*peer, "new-2");
  EXPECT_TRUE(eventually([&] { return of_consumer("num_ack_pending") >= 2; }));
  inlet.let_go();
  EXPECT_TRUE(eventually([&] { return inlet.bodies().size() >= 7; }));
  EXPECT_THAT(inlet.bodies(), IsSupersetOf({"0", "1", "2", "3", "4", "new-1", "new-2"}));
  EXPECT_TRUE(eventually([&] { return of_consumer("num_ack_pending") == 0; }));
}

TEST_F(PullSource, AStreamThatIsNotThereIsWaitedFor) {
  start(fmt::format("mode = \"jetstream\"\nstream = \"{}\"\nconsumer = \"c\"", name));
  EXPECT_TRUE(eventually([&] {
    return metrics.counter("cdviz_connections_opened_total", "", {{"component_id", "in"}})
               .Value() >= 2;
  }));
  make_stream();
  publish_numbers(2);
  inlet.wait_for(2);
  EXPECT_EQ(inlet.bodies(), numbers(2));
  stop();
}

TEST_F(PullSource, AServerThatIsKilledAndComesBackLosesNothing) {
  Server own;
  server = &own;
  make_stream();
  publish_numbers(10);
  inlet.hold();
  start_pull("ack_wait = \"2s\"");
  inlet.wait_for_offers(1);
  own.stop(SIGKILL);
  inlet.let_go();  // settled while nobody can be told
  inlet.wait_for(10);
  own.start();
  auto peer = connect();
  ASSERT_TRUE(eventually([&] {
    const auto answer = peer->request(name + ".x", "after", 5s);
    return answer && cdviz::nats::read_publish_answer(answer->body);
  }));
  EXPECT_TRUE(eventually([&] { return inlet.bodies().back() == "after"; }));
  EXPECT_TRUE(eventually([&] { return of_consumer("num_ack_pending") == 0; }));
  EXPECT_THAT(inlet.bodies(), IsSupersetOf(numbers(10)));
  stop();
}

TEST_F(PullSource, AStopGivesBackWhatIsHeldAtOnce) {
  make_stream();
  publish_numbers(30);
  inlet.set_full(true);
  start_pull("ack_wait = \"10m\"");
  inlet.wait_for_offers(1);
  const auto began = clock.now();
  stop();
  EXPECT_LT(clock.now() - began, 5s);
  EXPECT_EQ(answers("nak"), 31) << "one twice, for the sake of nats-server 2.9";
  inlet.set_full(false);
  start_pull();
  inlet.wait_for(30);
  EXPECT_EQ(inlet.bodies(), numbers(30));
}

TEST_F(PullSource, AMessageLargerThanARequestAllowsComesAlone) {
  Server own("max_payload: 8388608");
  server = &own;
  make_stream();
  auto peer = connect();
  publish(*peer, "before");
  publish(*peer, std::string(6 * 1024 * 1024, 'x'));
  publish(*peer, "after");
  start_pull();
  const auto messages = inlet.wait_for(3);
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[1].body.size(), 6U * 1024 * 1024);
  EXPECT_EQ(messages[2].body, "after");
  stop();
}

TEST_F(PullSource, AConsumerWithFewPlacesIsServed) {
  make_stream();
  ASSERT_TRUE(connect()->request(
      "$JS.API.CONSUMER.DURABLE.CREATE." + name + ".c",
      fmt::format(
          R"({{"stream_name":"{}","config":{{"durable_name":"c","ack_policy":"explicit","max_ack_pending":2,"max_batch":1,"max_expires":1000000000,"max_bytes":2000}}}})",
          name),
      5s));
  publish_numbers(20);
  start_pull();
  inlet.wait_for(20);
  EXPECT_EQ(inlet.bodies(), numbers(20));
}

TEST_F(PullSource, AConsumerOfAnotherKindStopsTheSource) {
  make_stream();
  ASSERT_TRUE(connect()->request(
      "$JS.API.CONSUMER.DURABLE.CREATE." + name + ".c",
      fmt::format(R"({{"stream_name":"{}","config":{{"durable_name":"c","ack_policy":"none"}}}})",
                  name),
      5s));
  auto made =
      kind.make(options_of(fmt::format(
                    "servers = \"{}\"\nmode = \"jetstream\"\nstream = \"{}\"\nconsumer = \"c\"",
                    server->url(), name)),
                services());
  ASSERT_TRUE(made);
  const auto ran = (*made)->run(inlet, {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().fault, Fault::stop) << ran.error().message;
}

}  // namespace
}  // namespace cdviz::sources::nats
