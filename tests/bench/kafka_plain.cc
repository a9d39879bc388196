// librdkafka alone, doing what the collector does with Kafka: what kafka_bench.py compares with.
//
//   kafka_plain consume BROKERS TOPIC COUNT FILE   a group's member: records to a table of SQLite,
//                                                  2,000 in a synced transaction, with the offset
//   kafka_plain copy BROKERS FROM TO COUNT         what was read before goes to another topic, in
//                                                  batches of 2,000, idempotent, acks=all, lz4
//
// Prints {"events_per_second":…,"cpu_us":…}: from the first record to the last, CPU for each.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

constexpr std::size_t kBatch = 2000;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Measure {
 public:
  void print(std::size_t events) const {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin_;
    const auto count = static_cast<double>(events);
    std::printf("{\"events_per_second\":%.0f,\"cpu_us\":%.2f}\n", count / took.count(),
                (cpu_seconds() - cpu_) / count * 1e6);
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double cpu_ = cpu_seconds();
};

[[noreturn]] void fail(const char* why) {
  std::fprintf(stderr, "kafka_plain: %s\n", why);
  std::exit(1);
}

rd_kafka_t* client(rd_kafka_type_t type,
                   const std::vector<std::pair<std::string, std::string>>& properties) {
  std::array<char, 512> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
      fail(why.data());
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* record, void*) {
    if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++*static_cast<std::size_t*>(record->_private);
  });
  rd_kafka_t* handle = rd_kafka_new(type, conf, why.data(), why.size());
  if (handle == nullptr) fail(why.data());
  return handle;
}

rd_kafka_t* member(const std::string& brokers, const char* topic) {
  rd_kafka_t* handle = client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                                  {"group.id", "plain-" + std::to_string(getpid())},
                                                  {"enable.auto.commit", "false"},
                                                  {"auto.offset.reset", "earliest"},
                                                  {"check.crcs", "true"},
                                                  {"queued.max.messages.kbytes", "8192"},
                                                  {"fetch.max.bytes", "8388608"}});
  rd_kafka_poll_set_consumer(handle);
  auto* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(handle, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  return handle;
}

rd_kafka_message_t* next(rd_kafka_t* handle) {
  for (;;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(handle, 30'000);
    if (message == nullptr) fail("no more records");
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return message;
    rd_kafka_message_destroy(message);
  }
}

/// A table with one key, and a row that says how far it goes.
class Table {
 public:
  explicit Table(const char* path) {
    std::remove(path);
    if (sqlite3_open(path, &database_) != SQLITE_OK) fail("cannot open the database");
    run("pragma journal_mode=wal; pragma synchronous=full;"
        "create table record(number integer primary key, body blob);"
        "create table mark(one integer primary key, next integer)");
    sqlite3_prepare_v2(database_, "insert into record values (?, ?)", -1, &insert_, nullptr);
  }
  ~Table() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  void run(const std::string& sql) {
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      fail(sqlite3_errmsg(database_));
    }
  }
  void insert(std::size_t number, const rd_kafka_message_t& record) {
    sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(number));
    sqlite3_bind_blob(insert_, 2, record.payload, static_cast<int>(record.len), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) fail(sqlite3_errmsg(database_));
    sqlite3_reset(insert_);
  }

 private:
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

void consume(const std::string& brokers, const char* topic, std::size_t count, const char* path) {
  rd_kafka_t* handle = member(brokers, topic);
  Table table(path);
  rd_kafka_message_t* message = next(handle);
  const Measure measure;
  for (std::size_t i = 1;; ++i) {
    if (i % kBatch == 1) table.run("begin");
    table.insert(i, *message);
    if (i % kBatch == 0 || i == count) {
      table.run("insert or replace into mark values (1, " + std::to_string(message->offset + 1) +
                "); commit");
      rd_kafka_commit_message(handle, message, 1);
    }
    rd_kafka_message_destroy(message);
    if (i == count) break;
    message = next(handle);
  }
  measure.print(count);
  rd_kafka_consumer_close(handle);
  rd_kafka_destroy(handle);
}

void copy(const std::string& brokers, const char* from, const char* to, std::size_t count) {
  rd_kafka_t* reader = member(brokers, from);
  std::vector<rd_kafka_message_t*> records;
  while (records.size() < count) records.push_back(next(reader));
  rd_kafka_t* writer = client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers},
                                                  {"enable.idempotence", "true"},
                                                  {"linger.ms", "1"},
                                                  {"compression.codec", "lz4"}});
  std::size_t delivered = 0;
  const Measure measure;
  for (std::size_t i = 0; i < count; i += kBatch) {
    const std::size_t end = std::min(count, i + kBatch);
    for (std::size_t j = i; j < end; ++j) {
      rd_kafka_headers_t* headers = nullptr;
      rd_kafka_headers_t* copied = nullptr;
      if (rd_kafka_message_headers(records[j], &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        copied = rd_kafka_headers_copy(headers);
      }
      std::array<rd_kafka_vu_t, 6> fields{};
      fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
      fields[0].u.cstr = to;
      fields[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
      fields[1].u.i = RD_KAFKA_MSG_F_COPY;
      fields[2].vtype = RD_KAFKA_VTYPE_KEY;
      fields[2].u.mem = {records[j]->key, records[j]->key_len};
      fields[3].vtype = RD_KAFKA_VTYPE_VALUE;
      fields[3].u.mem = {records[j]->payload, records[j]->len};
      fields[4].vtype = RD_KAFKA_VTYPE_HEADERS;
      fields[4].u.headers = copied;
      fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
      fields[5].u.ptr = &delivered;
      rd_kafka_error_t* failed = rd_kafka_produceva(writer, fields.data(), fields.size());
      if (failed != nullptr) fail(rd_kafka_error_string(failed));
    }
    while (delivered < end) rd_kafka_poll(writer, 1000);
  }
  measure.print(count);
  for (auto* record : records) rd_kafka_message_destroy(record);
  rd_kafka_destroy(writer);
  rd_kafka_consumer_close(reader);
  rd_kafka_destroy(reader);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) fail("wrong arguments");
  const std::string verb = arguments[1];
  if (verb == "consume") {
    consume(arguments[2], arguments[3], std::stoul(arguments[4]), arguments[5]);
  } else {
    copy(arguments[2], arguments[3], arguments[4], std::stoul(arguments[5]));
  }
  return 0;
}
