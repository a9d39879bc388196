#include "kafka/testing/mock_cluster.h"

#include <array>
#include <cassert>
#include <stdexcept>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

namespace cdviz::kafka::testing {

struct MockCluster::Impl {
  rd_kafka_t* client = nullptr;
  rd_kafka_mock_cluster_t* cluster = nullptr;
};

MockCluster::MockCluster(int brokers) : impl_(std::make_unique<Impl>()) {
  std::array<char, 512> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  impl_->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  if (impl_->client == nullptr) throw std::runtime_error(why.data());
  impl_->cluster = rd_kafka_mock_cluster_new(impl_->client, brokers);
  if (impl_->cluster == nullptr) throw std::runtime_error("no mock cluster");
}

MockCluster::~MockCluster() {
  rd_kafka_mock_cluster_destroy(impl_->cluster);
  rd_kafka_destroy(impl_->client);
}

std::string MockCluster::brokers() const {
  return rd_kafka_mock_cluster_bootstraps(impl_->cluster);
}

void MockCluster::create_topic(const std::string& name, int partitions) {
  rd_kafka_mock_topic_create(impl_->cluster, name.c_str(), partitions, 1);
}

void MockCluster::fail_next(int api_key, int code, int count) {
  const std::vector<rd_kafka_resp_err_t> codes(static_cast<std::size_t>(count),
                                               static_cast<rd_kafka_resp_err_t>(code));
  rd_kafka_mock_push_request_errors_array(impl_->cluster, static_cast<int16_t>(api_key),
                                          codes.size(), codes.data());
}

void MockCluster::take_down(int broker) { rd_kafka_mock_broker_set_down(impl_->cluster, broker); }

void MockCluster::bring_up(int broker) { rd_kafka_mock_broker_set_up(impl_->cluster, broker); }

void MockCluster::set_round_trip(int broker, int milliseconds) {
  rd_kafka_mock_broker_set_rtt(impl_->cluster, broker, milliseconds);
}

}  // namespace cdviz::kafka::testing
