// A cluster of Kafka on 127.0.0.1, over TCP: librdkafka's own, made to be tested against. It keeps
// records in memory, the newest 5 MB of a partition, and knows no access control, no transactions
// and no deletion of topics.
#pragma once

#include <memory>
#include <string>

namespace cdviz::kafka::testing {

/// Safe to call from any thread.
class MockCluster {
 public:
  explicit MockCluster(int brokers = 1);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  /// "127.0.0.1:PORT,…"
  std::string brokers() const;
  void create_topic(const std::string& name, int partitions);
  /// The next `count` answers to requests of that kind (https://kafka.apache.org/protocol, API key)
  /// are this error. @param code  an rd_kafka_resp_err_t
  void fail_next(int api_key, int code, int count = 1);
  /// Closes the connections of broker 1… and takes no new ones.
  void take_down(int broker);
  void bring_up(int broker);
  /// How long each answer of the broker takes, at least.
  void set_round_trip(int broker, int milliseconds);

  // API keys.
  static constexpr int kProduce = 0;
  static constexpr int kFetch = 1;
  static constexpr int kOffsetCommit = 8;
  static constexpr int kOffsetFetch = 9;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::kafka::testing
