#include "kafka/testing/plain_client.h"

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

#include <librdkafka/rdkafka.h>

namespace cdviz::kafka::testing {
namespace {

using Handle = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;
using List = std::unique_ptr<rd_kafka_topic_partition_list_t,
                             decltype(&rd_kafka_topic_partition_list_destroy)>;

constexpr int kTimeout_ms = 20'000;

Handle client(rd_kafka_type_t type,
              const std::vector<std::pair<std::string, std::string>>& properties) {
  std::array<char, 512> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size());
  }
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* record, void*) {
    if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++*static_cast<std::size_t*>(record->_private);
  });
  rd_kafka_t* made = rd_kafka_new(type, conf, why.data(), why.size());
  if (made == nullptr) throw std::runtime_error(why.data());
  return {made, &rd_kafka_destroy};
}

List list_of(const std::string& topic, std::int32_t partition, std::int64_t offset) {
  List list(rd_kafka_topic_partition_list_new(1), &rd_kafka_topic_partition_list_destroy);
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  return list;
}

PlainRecord record_of(const rd_kafka_message_t& message) {
  PlainRecord record{.topic = rd_kafka_topic_name(message.rkt),
                     .key = {static_cast<const char*>(message.key), message.key_len},
                     .partition = message.partition,
                     .offset = message.offset};
  if (message.payload != nullptr) {
    record.value.emplace(static_cast<const char*>(message.payload), message.len);
  }
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      record.headers.add(name, {static_cast<const char*>(value), size});
    }
  }
  return record;
}

}  // namespace

void produce(const std::string& brokers, const std::vector<PlainRecord>& records) {
  const auto producer =
      client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers}, {"enable.idempotence", "true"}});
  std::size_t stored = 0;
  for (const auto& record : records) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
    std::array<rd_kafka_vu_t, 7> fields{};
    fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    fields[0].u.cstr = record.topic.c_str();
    fields[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[1].u.i = RD_KAFKA_MSG_F_COPY;
    fields[2].vtype = RD_KAFKA_VTYPE_PARTITION;
    fields[2].u.i32 = record.partition;
    fields[3].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[3].u.ptr = &stored;
    fields[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[4].u.headers = headers;
    std::size_t used = 5;
    if (record.value) {
      fields[used].vtype = RD_KAFKA_VTYPE_VALUE;
      fields[used++].u.mem = {const_cast<char*>(record.value->data()), record.value->size()};
    }
    if (!record.key.empty()) {
      fields[used].vtype = RD_KAFKA_VTYPE_KEY;
      fields[used++].u.mem = {const_cast<char*>(record.key.data()), record.key.size()};
    }
    rd_kafka_error_t* failed = rd_kafka_produceva(producer.get(), fields.data(), used);
    if (failed != nullptr) throw std::runtime_error(rd_kafka_error_string(failed));
  }
  rd_kafka_flush(producer.get(), kTimeout_ms);
  if (stored != records.size()) throw std::runtime_error("not every record was stored");
}

std::vector<PlainRecord> consume(const std::string& brokers, const std::string& topic,
                                 int partitions, std::size_t count,
                                 std::chrono::milliseconds deadline) {
  const auto consumer = client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                                   {"group.id", "reads without one"},
                                                   {"enable.auto.commit", "false"},
                                                   {"auto.offset.reset", "earliest"}});
  rd_kafka_poll_set_consumer(consumer.get());
  List list(rd_kafka_topic_partition_list_new(partitions), &rd_kafka_topic_partition_list_destroy);
  for (int i = 0; i < partitions; ++i) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(consumer.get(), list.get());
  std::vector<PlainRecord> records;
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (records.size() < count && std::chrono::steady_clock::now() < end) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer.get(), 100);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) records.push_back(record_of(*message));
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consumer_close(consumer.get());
  return records;
}

std::optional<std::int64_t> committed(const std::string& brokers, const std::string& group,
                                      const std::string& topic, std::int32_t partition) {
  const auto consumer =
      client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers}, {"group.id", group}});
  const auto list = list_of(topic, partition, RD_KAFKA_OFFSET_INVALID);
  const auto code = rd_kafka_committed(consumer.get(), list.get(), kTimeout_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(code));
  if (list->elems[0].offset < 0) return std::nullopt;
  return list->elems[0].offset;
}

void set_committed(const std::string& brokers, const std::string& group, const std::string& topic,
                   std::int32_t partition, std::int64_t offset) {
  const auto consumer =
      client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers}, {"group.id", group}});
  const auto list = list_of(topic, partition, offset);
  const auto code = rd_kafka_commit(consumer.get(), list.get(), 0);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(code));
}

}  // namespace cdviz::kafka::testing
