// Against a real nats-server.
#include <gtest/gtest.h>

#include "nats/jetstream.h"
#include "nats/testing/server.h"

namespace cdviz::nats {
namespace {

using namespace std::chrono_literals;
using testing::Server;

struct JetStream : ::testing::Test {
  void SetUp() override {
    if (const auto why = Server::missing(); !why.empty()) GTEST_SKIP() << why;
    auto opened = Connection::open({.servers = {Server::shared().url()}, .name = "test"}, {});
    ASSERT_TRUE(opened) << opened.error().message;
    connection = std::move(*opened);
  }
  std::unique_ptr<Connection> connection;
};

TEST_F(JetStream, AStreamIsMadeOnceAndStays) {
  EXPECT_EQ(has_stream(*connection, "", "ONE").value(), false);
  for (int i = 0; i < 2; ++i) {
    const auto made = ensure_stream(*connection, "", {.name = "ONE", .subjects = {"one.>"}});
    ASSERT_TRUE(made) << made.error().message;
  }
  EXPECT_EQ(has_stream(*connection, "", "ONE").value(), true);
  const auto other = ensure_stream(*connection, "", {.name = "TWO", .subjects = {"one.x"}});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().fault, Fault::stop) << other.error().message;
}

TEST_F(JetStream, AConsumerIsMadeOnceAndFoundAgain) {
  ASSERT_TRUE(ensure_stream(*connection, "", {.name = "C", .subjects = {"c.>"}}));
  const ConsumerSettings settings{
      .stream = "C", .name = "d", .filter = "c.a", .ack_wait = 7s, .max_ack_pending = 12};
  auto first = ensure_consumer(*connection, "", settings);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->made);
  auto second = ensure_consumer(*connection, "", settings);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->made);
  EXPECT_EQ(second->ack_wait, 7s);
  EXPECT_EQ(second->max_ack_pending, 12);
  EXPECT_EQ(second->filter, "c.a");
}

TEST_F(JetStream, AConsumerWithoutAStreamIsTriedAgain) {
  const auto none = ensure_consumer(*connection, "", {.stream = "NONE", .name = "d", .filter = {}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, Fault::retry);
  EXPECT_EQ(none.error().code, "js_10059") << none.error().message;
}

TEST_F(JetStream, AConsumerThatWeCannotUseStops) {
  ASSERT_TRUE(ensure_stream(*connection, "", {.name = "P", .subjects = {"p.>"}}));
  ASSERT_TRUE(connection->request(
      "$JS.API.CONSUMER.DURABLE.CREATE.P.pushes",
      R"({"stream_name":"P","config":{"durable_name":"pushes","deliver_subject":"x","ack_policy":"explicit"}})",
      5s));
  const auto pushes =
      ensure_consumer(*connection, "", {.stream = "P", .name = "pushes", .filter = {}});
  ASSERT_FALSE(pushes);
  EXPECT_EQ(pushes.error().fault, Fault::stop);
  EXPECT_EQ(pushes.error().code, "consumer_pushes");
  ASSERT_TRUE(connection->request(
      "$JS.API.CONSUMER.DURABLE.CREATE.P.none",
      R"({"stream_name":"P","config":{"durable_name":"none","ack_policy":"all"}})", 5s));
  const auto none = ensure_consumer(*connection, "", {.stream = "P", .name = "none", .filter = {}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "consumer_ack_policy");
}

TEST_F(JetStream, AServerWithoutItStops) {
  Server plain("jetstream: disabled");
  auto opened = Connection::open({.servers = {plain.url()}, .name = "test"}, {});
  ASSERT_TRUE(opened);
  const auto there = has_stream(**opened, "", "X");
  ASSERT_FALSE(there);
  EXPECT_NE(there.error().fault, Fault::reject) << there.error().message;
}

TEST(Delivery, TheReplySaysWhichMessageItIs) {
  const auto old = read_delivery("$JS.ACK.S.c.2.17.18.1700000000000000001.5");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->stream, "S");
  EXPECT_EQ(old->consumer, "c");
  EXPECT_EQ(old->delivered, 2U);
  EXPECT_EQ(old->sequence, 17U);
  EXPECT_EQ(old->time_ns, 1700000000000000001);
  EXPECT_EQ(old->pending, 5U);
  const auto newer = read_delivery("$JS.ACK.hub.ACC.S.c.2.17.18.1700000000000000001.5.random");
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->stream, "S");
  EXPECT_EQ(newer->sequence, 17U);
  for (const auto* bad :
       {"", "_INBOX.x", "$JS.ACK.", "$JS.ACK.S.c.2.17.18.1", "$JS.ACK.S.c.x.17.18.1.5",
        "$JS.ACK.S.c.2.17.18.1.5.6", "$JS.ACK.S.c.2.99999999999999999999999.18.1.5"}) {
    EXPECT_FALSE(read_delivery(bad)) << bad;
  }
}

TEST(PublishAnswer, IsAPlaceInTheStreamOrAnError) {
  const auto stored = read_publish_answer(R"({"stream":"S","seq":4,"duplicate":true})");
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->stored);
  EXPECT_TRUE(stored->duplicate);
  EXPECT_EQ(stored->stream, "S");
  const auto refused = read_publish_answer(
      R"({"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"},"stream":"S","seq":0})");
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->stored);
  EXPECT_EQ(refused->code, 10054);
  for (const auto* bad : {"", "x", "[]", "{}", R"({"stream":1,"seq":1})"}) {
    EXPECT_FALSE(read_publish_answer(bad)) << bad;
  }
}

}  // namespace
}  // namespace cdviz::nats
