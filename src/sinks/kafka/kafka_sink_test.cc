// The sink against librdkafka's mock cluster, over TCP.
#include "sinks/kafka/kafka_sink.h"

#include <algorithm>
#include <array>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "config/load.h"
#include "kafka/testing/mock_cluster.h"
#include "kafka/testing/plain_client.h"
#include "net/routes.h"
#include "sinks/kafka/kafka.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::kafka {
namespace {

using cdviz::kafka::testing::consume;
using cdviz::kafka::testing::MockCluster;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "none here"}; }
};

struct World {
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  NoRoutes routes;
  Services services{"out", clock, metrics, log, routes};
};

Event event(const std::string& id, const std::string& subject = "shop", std::size_t pad = 0) {
  return Event(
      {.source = "/test",
       .id = id,
       .type = "dev.cdevents.service.deployed.0.2.0",
       .timestamp = "2024-05-06T07:08:09Z",
       .subject_id = subject,
       .json = R"({"context":{"id":")" + id + R"("},"pad":")" + std::string(pad, 'x') + "\"}"});
}

std::vector<Event> events(int count, std::size_t pad = 0) {
  std::vector<Event> all;
  for (int i = 0; i < count; ++i) {
    all.push_back(event("e" + std::to_string(i), "s" + std::to_string(i % 7), pad));
  }
  return all;
}

class KafkaSinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<Sink> sink(const std::string& timeout_ms = "30000") {
    return make_kafka_sink({.client = {{{"bootstrap.servers", cluster_.brokers()},
                                        {"enable.idempotence", "true"},
                                        {"linger.ms", "1"},
                                        {"retry.backoff.ms", "20"},
                                        {"reconnect.backoff.max.ms", "100"},
                                        {"message.timeout.ms", timeout_ms}}},
                            .format = {*EventTemplate::parse("cdevents.{subject}"),
                                       *EventTemplate::parse("{subject_id}"), false},
                            .record_bytes_max = 100'000},
                           world_.services);
  }
  /// Ids of what the topic holds, in the order of its one partition.
  std::vector<std::string> stored(std::size_t count) {
    std::vector<std::string> ids;
    for (const auto& record : consume(cluster_.brokers(), "cdevents.service", 1, count)) {
      ids.emplace_back(record.headers.find("ce_id").value_or("?"));
    }
    return ids;
  }

  MockCluster cluster_;
  World world_;
};

TEST_F(KafkaSinkTest, ABatchIsStoredInOrderWithItsKeys) {
  cluster_.create_topic("cdevents.service", 1);
  const auto batch = events(300);
  ASSERT_TRUE(sink()->write(batch, {}));
  const auto records = consume(cluster_.brokers(), "cdevents.service", 1, batch.size());
  ASSERT_EQ(records.size(), batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    EXPECT_EQ(records[i].value, batch[i]->json);
    EXPECT_EQ(records[i].key, batch[i]->subject_id);
  }
}

TEST_F(KafkaSinkTest, TheSameEventTwiceIsTwoRecordsOfOneId) {
  cluster_.create_topic("cdevents.service", 1);
  const auto out = sink();
  const std::array twice{event("a"), event("a")};
  ASSERT_TRUE(out->write(twice, {}));
  EXPECT_THAT(stored(2), ElementsAre("a", "a"));
}

TEST_F(KafkaSinkTest, AnErrorThatPassesIsMendedInsideOfOneWrite) {
  cluster_.create_topic("cdevents.service", 1);
  cluster_.fail_next(MockCluster::kProduce, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2);
  const auto batch = events(50);
  ASSERT_TRUE(sink()->write(batch, {}));
  EXPECT_EQ(stored(50).size(), 50U) << "and nothing twice: the producer is idempotent";
}

TEST_F(KafkaSinkTest, ABrokerThatIsAwayMeansToTryAgain) {
  cluster_.create_topic("cdevents.service", 1);
  const auto out = sink("1000");
  // As the dispatcher does: the first call may end before the producer has its id from the broker.
  const auto write_until_sent = [&out](const Event& one) {
    auto sent = out->write(std::array{one}, {});
    for (int i = 0; i < 30 && !sent; ++i) sent = out->write(std::array{one}, {});
    return sent;
  };
  ASSERT_TRUE(write_until_sent(event("a")));
  cluster_.take_down(1);
  const auto failed = out->write(std::array{event("b")}, {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault, Fault::retry) << failed.error().message;
  cluster_.bring_up(1);
  const auto sent = write_until_sent(event("b"));
  ASSERT_TRUE(sent) << sent.error().message;
  const auto ids = stored(2);
  EXPECT_EQ(ids.front(), "a");
  EXPECT_EQ(ids.back(), "b");
}

TEST_F(KafkaSinkTest, AnEventThatIsTooLargeIsRejectedBeforeAnythingIsSent) {
  cluster_.create_topic("cdevents.service", 1);
  const auto out = sink();
  const std::array batch{event("good"), event("large", "shop", 200'000)};
  const auto refused = out->write(batch, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::reject);
  EXPECT_EQ(refused.error().code, "MSG_SIZE_TOO_LARGE");
  ASSERT_TRUE(out->write(std::span(batch).first(1), {}));
  EXPECT_THAT(stored(1), ElementsAre("good"));
}

TEST_F(KafkaSinkTest, WhatTheBrokersHadBeforeARefusalIsNotSentAgainWhenTheBatchIsHalved) {
  cluster_.create_topic("cdevents.service", 1);
  const auto out = sink();
  cluster_.create_topic("cdevents.artifact", 1);
  const Event other({.source = "/test",
                     .id = "bad",
                     .type = "dev.cdevents.artifact.published.0.2.0",
                     .timestamp = "2024-05-06T07:08:09Z",
                     .subject_id = "x",
                     .json = "{}"});
  ASSERT_TRUE(out->write(std::array{event("first")}, {}));
  const std::array batch{event("good"), other};
  // One of the two requests is refused, whichever comes first; the other one is stored.
  cluster_.fail_next(MockCluster::kProduce, RD_KAFKA_RESP_ERR_INVALID_RECORD, 1);
  const auto refused = out->write(batch, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::reject);
  for (const auto half : {std::span(batch).first(1), std::span(batch).subspan(1)}) {
    const auto sent = out->write(half, {});
    ASSERT_TRUE(sent) << sent.error().message;
  }
  const auto service =
      consume(cluster_.brokers(), "cdevents.service", 1, 3, std::chrono::milliseconds(1500));
  const auto artifact =
      consume(cluster_.brokers(), "cdevents.artifact", 1, 2, std::chrono::milliseconds(1500));
  EXPECT_EQ(service.size() + artifact.size(), 3U) << "first, good and bad: each once";
}

TEST_F(KafkaSinkTest, WhatTheBrokersForbidStopsTheSink) {
  cluster_.create_topic("cdevents.service", 1);
  const auto out = sink();
  cluster_.fail_next(MockCluster::kProduce, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
  const auto forbidden = out->write(std::array{event("a")}, {});
  ASSERT_FALSE(forbidden);
  EXPECT_EQ(forbidden.error().fault, Fault::stop);
  EXPECT_THAT(forbidden.error().message, HasSubstr("topic \"cdevents.service\""));
  const auto allowed = out->write(std::array{event("a")}, {});
  ASSERT_TRUE(allowed) << allowed.error().message;
}

TEST_F(KafkaSinkTest, AFatalErrorOfIdempotenceMakesANewProducer) {
  cluster_.create_topic("cdevents.service", 1);
  const auto out = sink();
  ASSERT_TRUE(out->write(std::array{event("a")}, {}));
  cluster_.fail_next(MockCluster::kProduce, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 1);
  Result<void> sent = out->write(std::array{event("b")}, {});
  EXPECT_TRUE(sent || sent.error().fault == Fault::retry) << sent.error().message;
  for (int i = 0; i < 3 && !sent; ++i) sent = out->write(std::array{event("b")}, {});
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(stored(2).back(), "b");
}

TEST_F(KafkaSinkTest, AStopWhileNobodyAnswersIsHeardWithinASecondOrSo) {
  cluster_.create_topic("cdevents.service", 1);
  const auto out = sink();
  ASSERT_TRUE(out->write(std::array{event("a")}, {}));
  cluster_.take_down(1);
  std::stop_source stop;
  auto writing = std::async(std::launch::async,
                            [&] { return out->write(std::array{event("b")}, stop.get_token()); });
  stop.request_stop();
  ASSERT_EQ(writing.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  const auto stopped = writing.get();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, "stopped");
}

/// What is wrong with the options, as "path: message" a line.
std::vector<std::string> mistakes_in(const std::string& options) {
  static const std::array<const SinkKind*, 1> kSinks = {&kind};
  World world;
  config::Input input;
  input.built_in.emplace_back("test.toml",
                              "[sinks.k]\nenabled = true\ntype = \"kafka\"\n" + options);
  auto config =
      config::load(input, config::Catalogue{.sections = {}, .sources = {}, .sinks = kSinks});
  const auto made = kind.make(config.sinks().at(0).options, world.services);
  EXPECT_EQ(made.has_value(), config.valid());
  std::vector<std::string> lines;
  for (const auto& mistake : config.mistakes()) {
    lines.push_back(mistake.path + ": " + mistake.message);
  }
  return lines;
}

TEST(KafkaSinkOptions, BrokersAreEnough) {
  EXPECT_THAT(mistakes_in("brokers = \"k:9092\""), IsEmpty());
}

TEST(KafkaSinkOptions, ATopicThatCannotBeOneIsAMistake) {
  const std::string brokers = "brokers = \"k:9092\"\n";
  EXPECT_THAT(mistakes_in(brokers + "topic = \"cd events\""),
              ElementsAre(HasSubstr("sinks.k.topic: may hold letters")));
  EXPECT_THAT(mistakes_in(brokers + "topic = \"\""), ElementsAre(HasSubstr("is empty")));
  EXPECT_THAT(mistakes_in(brokers + "topic = \"{subjct}\""), ElementsAre(HasSubstr("subjct")));
  EXPECT_THAT(mistakes_in(brokers + "key = \"{\""), ElementsAre(HasSubstr("sinks.k.key")));
  EXPECT_THAT(mistakes_in(brokers + "topic = \"{source}\""), IsEmpty())
      << "what a topic may not hold is replaced";
}

TEST(KafkaSinkOptions, IdempotenceCannotBeTurnedOff) {
  EXPECT_THAT(mistakes_in("brokers = \"k:9092\"\n"
                          "rdkafka_config = { \"enable.idempotence\" = false }"),
              ElementsAre(HasSubstr("enable.idempotence is set by the collector")));
}

}  // namespace
}  // namespace cdviz::sinks::kafka
