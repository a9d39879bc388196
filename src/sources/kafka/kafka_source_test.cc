// The source against librdkafka's mock cluster, over TCP. Groups of several members, and whatever
// needs topics to be deleted, are tested with Apache Kafka (tests/end_to_end/test_kafka.py). The
// mock lets nobody join a group again that a member has left: a second run is in a group of its
// own.
#include "sources/kafka/kafka_source.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
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
#include "sources/kafka/kafka.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sources::kafka {
namespace {

using namespace std::chrono_literals;
using cdviz::kafka::testing::committed;
using cdviz::kafka::testing::MockCluster;
using cdviz::kafka::testing::produce;
using cdviz::kafka::testing::set_committed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct NoRoutes final : net::Routes {
  Result<Registration> add(net::Route) override { return Error{Fault::stop, "none here"}; }
};

/// A queue in memory: keeps bodies and checkpoints, together; lives longer than a run.
class MemoryInlet final : public Inlet {
 public:
  bool put(std::vector<Message> batch, Checkpoint checkpoint, Settled settled) override {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_ || stopped_; });
    waiting_ = false;
    if (stopped_) return false;
    if (failure_) {
      const Error error = *std::exchange(failure_, std::nullopt);
      lock.unlock();
      settled(error);
      return true;
    }
    for (auto& message : batch) messages_.push_back(std::move(message));
    for (auto& entry : checkpoint.entries) checkpoints_[entry.key] = *entry.value;
    changed_.notify_all();
    lock.unlock();
    settled(Receipt{});
    return true;
  }
  Offered offer(std::vector<Message>, Settled) override { return Offered::closed; }
  Result<std::optional<std::string>> checkpoint(std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    const auto found = checkpoints_.find(std::string(key));
    if (found == checkpoints_.end()) return std::optional<std::string>{};
    return std::optional(found->second);
  }

  void set_checkpoint(const std::string& key, const std::string& value) {
    const std::lock_guard lock(mutex_);
    checkpoints_[key] = value;
  }
  void fail_next(Error error) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(error);
  }
  void set_open(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  /// As the pipeline does when the source is to stop: nobody waits for room any more.
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = !open_;
    changed_.notify_all();
  }
  void start() {
    const std::lock_guard lock(mutex_);
    stopped_ = false;
  }
  void wait_until_somebody_waits() {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 30s, [&] { return waiting_ && !open_; }));
  }
  /// The bodies, once there are so many.
  std::vector<std::string> bodies(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 30s, [&] { return messages_.size() >= count; });
    std::vector<std::string> all;
    for (const auto& message : messages_) all.push_back(message.body);
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Message> messages_;
  std::map<std::string, std::string> checkpoints_;
  std::optional<Error> failure_;
  bool open_ = true;
  bool stopped_ = false;
  bool waiting_ = false;
};

struct World {
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  NoRoutes routes;
  Services services{"in", clock, metrics, log, routes};
};

std::vector<std::string> numbered(int first, int last) {
  std::vector<std::string> all;
  for (int i = first; i <= last; ++i) all.push_back("{\"n\":" + std::to_string(i) + "}");
  return all;
}

class KafkaSourceTest : public ::testing::Test {
 protected:
  void SetUp() override { cluster_.create_topic("t", 1); }

  /// Runs while it lives, as the pipeline lets it.
  class Running {
   public:
    Running(KafkaSourceTest& test, const std::string& group, FeederLimits limits = {},
            Reset reset = Reset::earliest)
        : test_(test),
          source_(make_kafka_source(
              {.client = {{{"bootstrap.servers", test.cluster_.brokers()},
                           {"group.id", group},
                           {"enable.auto.commit", "false"},
                           {"enable.auto.offset.store", "false"},
                           {"auto.offset.reset", reset == Reset::latest ? "latest" : "earliest"},
                           {"partition.assignment.strategy", "cooperative-sticky"},
                           {"reconnect.backoff.max.ms", "200"}}},
               .topics = {"t"},
               .reset = reset,
               .limits = limits},
              {}, test.world_.services)) {
      test.inlet_.start();
      thread_ = std::jthread(
          [this](const std::stop_token& stop) { result_ = source_->run(test_.inlet_, stop); });
    }
    ~Running() { stop(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    /// @returns how long it took
    std::chrono::milliseconds stop() {
      const auto begin = std::chrono::steady_clock::now();
      if (thread_.joinable()) {
        thread_.request_stop();
        test_.inlet_.stop();
        thread_.join();
      }
      return std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - begin);
    }
    /// Until it ends by itself.
    Result<void> join() {
      thread_.join();
      return result_;
    }

   private:
    KafkaSourceTest& test_;
    std::unique_ptr<Source> source_;
    Result<void> result_;
    std::jthread thread_;
  };

  void send(const std::vector<std::string>& values) {
    std::vector<cdviz::kafka::testing::PlainRecord> records;
    for (const auto& value : values) {
      records.push_back({.topic = "t", .value = value, .headers = {}, .partition = 0});
    }
    produce(cluster_.brokers(), records);
  }
  std::optional<std::int64_t> committed_by(const std::string& group) {
    return committed(cluster_.brokers(), group, "t", 0);
  }
  bool paused() {
    return world_.metrics.text().find("cdviz_kafka_paused{component_id=\"in\"} 1") !=
           std::string::npos;
  }
  template <class Condition>
  static void wait_until(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(5ms);
    }
  }
  std::string mark() { return inlet_.checkpoint("t/0")->value_or(""); }

  MockCluster cluster_;
  World world_;
  MemoryInlet inlet_;
};

TEST_F(KafkaSourceTest, RecordsComeInOrderAndTheGroupIsToldWhatIsStored) {
  send(numbered(0, 99));
  produce(cluster_.brokers(), {{.topic = "t", .key = "k", .value = std::nullopt, .partition = 0}});
  Running source(*this, "g1");
  send(numbered(100, 199));
  EXPECT_EQ(inlet_.bodies(200), numbered(0, 199));
  const auto took = source.stop();
  EXPECT_LT(took, 5s) << "it took " << took.count() << " ms to stop";
  EXPECT_EQ(committed_by("g1"), 201) << "with the tombstone";
  EXPECT_THAT(mark(), ::testing::StartsWith("1 201 201 ")) << "the mark knows what the group has";
  EXPECT_THAT(world_.metrics.text(),
              HasSubstr("cdviz_skipped_records_total{component_id=\"in\",reason=\"tombstone\"} 1"));
}

TEST_F(KafkaSourceTest, AfterACrashItGoesOnWhereTheDiskIsNotWhereTheGroupIs) {
  send(numbered(0, 9));
  {
    Running source(*this, "g2");
    EXPECT_EQ(inlet_.bodies(10), numbered(0, 9));
  }
  // As if the last commits to the group had not come through, and the mark had been written before.
  set_committed(cluster_.brokers(), "g2 again", "t", 0, 4);
  const std::string last = mark().substr(mark().rfind(' '));
  inlet_.set_checkpoint("t/0", "1 10 3" + last);
  send(numbered(10, 12));
  Running source(*this, "g2 again");
  EXPECT_EQ(inlet_.bodies(13), numbered(0, 12)) << "nothing twice, nothing missing";
  source.stop();
  EXPECT_EQ(committed_by("g2 again"), 13);
}

TEST_F(KafkaSourceTest, AnotherLogUnderTheSameNameIsReadFromItsBeginning) {
  send(numbered(0, 9));
  set_committed(cluster_.brokers(), "g3", "t", 0, 4);
  inlet_.set_checkpoint("t/0", "1 7 3 abcdef");  // a digest of no record here
  Running source(*this, "g3");
  EXPECT_EQ(inlet_.bodies(10), numbered(0, 9));
  source.stop();
  EXPECT_EQ(committed_by("g3"), 10);
}

TEST_F(KafkaSourceTest, AnOffsetOfTheLogBeforeIsTakenBackBeforeTheNewOneIsStored) {
  send(numbered(0, 9));
  set_committed(cluster_.brokers(), "g12", "t", 0, 9);
  inlet_.set_checkpoint("t/0", "1 10 9 abcdef");
  inlet_.set_open(false);
  Running source(*this, "g12");
  inlet_.wait_until_somebody_waits();
  EXPECT_EQ(committed_by("g12"), 0) << "who ends now must not begin at 9";
  inlet_.set_open(true);
  EXPECT_EQ(inlet_.bodies(10), numbered(0, 9));
}

TEST_F(KafkaSourceTest, AMarkBeyondTheEndOfTheLogCountsForNothing) {
  send(numbered(0, 9));
  set_committed(cluster_.brokers(), "g4", "t", 0, 4);
  inlet_.set_checkpoint("t/0", "1 5000 4 abcdef");
  Running source(*this, "g4");
  EXPECT_EQ(inlet_.bodies(6), numbered(4, 9));
}

TEST_F(KafkaSourceTest, AnOffsetThatAnOperatorMovedBackIsObeyed) {
  send(numbered(0, 4));
  {
    Running source(*this, "g5");
    EXPECT_EQ(inlet_.bodies(5), numbered(0, 4));
  }
  EXPECT_EQ(committed_by("g5"), 5);
  set_committed(cluster_.brokers(), "g5 again", "t", 0, 3);
  Running source(*this, "g5 again");
  auto expected = numbered(0, 4);
  for (const auto& again : numbered(3, 4)) expected.push_back(again);
  EXPECT_EQ(inlet_.bodies(7), expected);
}

TEST_F(KafkaSourceTest, TheEndIsRememberedAtOnceWhereOnlyNewRecordsAreWanted) {
  send(numbered(0, 4));
  {
    Running source(*this, "g6", {}, Reset::latest);
    wait_until([&] { return committed_by("g6").has_value(); });
  }
  EXPECT_EQ(committed_by("g6"), 5);
}

TEST_F(KafkaSourceTest, WhileTheQueueIsFullItWaitsAndCanBeStopped) {
  send(numbered(0, 49));
  inlet_.set_open(false);
  {
    Running source(*this, "g7", {.messages = 10});
    inlet_.wait_until_somebody_waits();
    wait_until([&] { return paused(); });
    EXPECT_TRUE(paused());
    EXPECT_LT(source.stop(), 5s);
  }
  EXPECT_FALSE(committed_by("g7"));
  inlet_.set_open(true);
  Running source(*this, "g7 again", {.messages = 10});
  EXPECT_EQ(inlet_.bodies(50), numbered(0, 49));
}

// Those records were given to a function of librdkafka that takes callbacks only, and aborts.
TEST_F(KafkaSourceTest, AStopWhileFetchedRecordsWaitInTheClientIsCleanAndLosesNone) {
  send(numbered(0, 1999));
  inlet_.set_open(false);
  {
    Running source(*this, "g13", {.messages = 10});
    inlet_.wait_until_somebody_waits();
    EXPECT_LT(source.stop(), 5s);
  }
  inlet_.set_open(true);
  Running source(*this, "g13 again");
  EXPECT_EQ(inlet_.bodies(2000), numbered(0, 1999));
}

TEST_F(KafkaSourceTest, APauseEndsWhenThereIsRoomAgain) {
  send(numbered(0, 49));
  inlet_.set_open(false);
  Running source(*this, "g8", {.messages = 10});
  inlet_.wait_until_somebody_waits();
  wait_until([&] { return paused(); });
  inlet_.set_open(true);
  EXPECT_EQ(inlet_.bodies(50), numbered(0, 49));
}

TEST_F(KafkaSourceTest, WhatCouldNotBeStoredIsReadAgain) {
  send(numbered(0, 9));
  inlet_.fail_next({Fault::retry, "no space left", "disk"});
  {
    Running source(*this, "g9");
    const auto ended = source.join();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().fault, Fault::retry);
    EXPECT_EQ(ended.error().message, "no space left");
  }
  EXPECT_FALSE(committed_by("g9"));
  Running source(*this, "g9 again");
  EXPECT_EQ(inlet_.bodies(10), numbered(0, 9));
}

TEST_F(KafkaSourceTest, ABrokerThatGoesAwayAndComesBackCostsNothing) {
  send(numbered(0, 9));
  Running source(*this, "g10");
  EXPECT_EQ(inlet_.bodies(10), numbered(0, 9));
  cluster_.take_down(1);
  cluster_.bring_up(1);
  send(numbered(10, 19));
  EXPECT_EQ(inlet_.bodies(20), numbered(0, 19));
}

TEST_F(KafkaSourceTest, ACommitThatFailsIsTriedAgain) {
  send(numbered(0, 4));
  cluster_.fail_next(MockCluster::kOffsetCommit, RD_KAFKA_RESP_ERR_UNKNOWN, 1);
  Running source(*this, "g11");
  EXPECT_EQ(inlet_.bodies(5), numbered(0, 4));
  wait_until([&] { return committed_by("g11") == 5; });
  EXPECT_EQ(committed_by("g11"), 5);
}

/// What is wrong with the options, as "path: message" a line.
std::vector<std::string> mistakes_in(const std::string& options) {
  static const std::array<const SourceKind*, 1> kSources = {&kind};
  World world;
  config::Input input;
  input.built_in.emplace_back(
      "test.toml",
      "[sources.k]\nenabled = true\n[sources.k.extractor]\ntype = \"kafka\"\n" + options);
  auto config =
      config::load(input, config::Catalogue{.sections = {}, .sources = kSources, .sinks = {}});
  const auto made = kind.make(config.sources().at(0).options, world.services);
  EXPECT_EQ(made.has_value(), config.valid());
  std::vector<std::string> lines;
  for (const auto& mistake : config.mistakes()) {
    lines.push_back(mistake.path + ": " + mistake.message);
  }
  return lines;
}

constexpr const char* kGood = "brokers = \"k:9092\"\ntopics = [\"a\", \"^b\"]\ngroup_id = \"g\"\n";

TEST(KafkaSourceOptions, BrokersTopicsAndAGroupAreEnough) {
  EXPECT_THAT(mistakes_in(kGood), IsEmpty());
  EXPECT_EQ(mistakes_in("").size(), 3U);
}

TEST(KafkaSourceOptions, NothingIsCommittedByLibrdkafkaItself) {
  EXPECT_THAT(
      mistakes_in(std::string(kGood) + "rdkafka_config = { \"enable.auto.commit\" = true }"),
      ElementsAre(HasSubstr("enable.auto.commit is set by the collector")));
  EXPECT_THAT(
      mistakes_in(std::string(kGood) + "rdkafka_config = { \"enable.auto.offset.store\" = true }"),
      ElementsAre(HasSubstr("enable.auto.offset.store is set by the collector")));
}

TEST(KafkaSourceOptions, EmptyNamesAreMistakes) {
  EXPECT_THAT(mistakes_in("brokers = \"k\"\ntopics = []\ngroup_id = \"g\"\n"),
              ElementsAre(HasSubstr("topics: is empty")));
  EXPECT_THAT(mistakes_in("brokers = \"k\"\ntopics = [\"\"]\ngroup_id = \"\"\n").size(), 2U);
}

TEST(KafkaSourceOptions, AHeaderRuleThatWouldLetAnybodyInIsAMistake) {
  EXPECT_THAT(
      mistakes_in(std::string(kGood) + "headers.x = { type = \"matches\", pattern = \"\" }"),
      ElementsAre(HasSubstr("pattern must not be empty")));
}

}  // namespace
}  // namespace cdviz::sources::kafka
