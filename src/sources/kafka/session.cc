#include "sources/kafka/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include "kafka/fault.h"
#include "sources/kafka/partition_list.h"
#include "telemetry/log.h"

namespace cdviz::sources::kafka {
namespace {

using cdviz::kafka::Client;
using cdviz::kafka::error_of;
using cdviz::kafka::fault_of;

/// Records taken before anything else is looked at.
constexpr int kRecordsInARow = 500;
/// How long the queue may keep us waiting before the partitions are paused: pausing throws away
/// what was fetched.
constexpr std::chrono::milliseconds kPauseAfter{300};

Headers headers_of(const rd_kafka_message_t& message) {
  Headers headers;
  rd_kafka_headers_t* list = nullptr;
  if (rd_kafka_message_headers(&message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return headers;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    headers.add(name, value == nullptr ? std::string()
                                       : std::string(static_cast<const char*>(value), size));
  }
  return headers;
}

std::string_view text_of(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view{}
                         : std::string_view(static_cast<const char*>(data), size);
}

}  // namespace

Session::Session(const KafkaSourceSettings& settings, const RecordReader& reader,
                 SourceMetrics& metrics, const Services& services, Inlet& inlet,
                 FeederLimits limits)
    : settings_(settings),
      reader_(reader),
      metrics_(metrics),
      services_(services),
      inlet_(inlet),
      place_(settings.client.place()),
      feeder_(inlet, limits),
      ticked_(services.clock.now()) {}

Session::~Session() {
  if (commits_ != nullptr) rd_kafka_queue_destroy(commits_);
  client_.reset();
  metrics_.partitions.Set(0);
  metrics_.paused.Set(0);
}

Result<void> Session::run(const std::stop_token& stop) {
  if (auto opened = open(); !opened) return opened;
  loop(stop);
  if (failure_ &&
      !stop.stop_requested()) {  // said now: while the queue is full the end has to wait
    services_.log.warn(services_.name, "leaves the group",
                       {{"error", failure_->message}, {"code", failure_->code}});
  }
  leave(stop);
  if (stop.stop_requested()) return {};
  if (failure_) return *failure_;
  return {};
}

Result<void> Session::open() {
  auto client = Client::open(cdviz::kafka::Role::consumer, settings_.client, *this, services_.log,
                             services_.name);
  if (!client) return client.error();
  client_ = std::move(*client);
  metrics_.connects.Increment();
  commits_ = rd_kafka_queue_new(client_->handle());
  rd_kafka_poll_set_consumer(client_->handle());
  const List topics = new_list(settings_.topics.size());
  for (const auto& topic : settings_.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = rd_kafka_subscribe(client_->handle(), topics.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error_of(code, place_, "cannot subscribe to the topics");
  return {};
}

void Session::loop(const std::stop_token& stop) {
  while (!stop.stop_requested() && !failure_) {
    if (const auto failed = feeder_.failure()) return fail(*failed);
    if (feeder_.closed()) return;
    give_way(stop);
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client_->handle(), kPoll_ms);
    for (int taken = 0; message != nullptr && taken < kRecordsInARow; ++taken) {
      take(*message);
      rd_kafka_message_destroy(message);
      message = nullptr;
      if (!failure_ && !feeder_.full()) message = rd_kafka_consumer_poll(client_->handle(), 0);
    }
    if (message != nullptr) {
      take(*message);
      rd_kafka_message_destroy(message);
    }
    tick();
  }
}

/// Waits a moment while what was read cannot be stored; then fetches nothing more but keeps
/// polling: whoever does not poll is thrown out of the group (max.poll.interval.ms).
void Session::give_way(const std::stop_token& stop) {
  if (!feeder_.full()) {
    if (paused_) resume();
    return;
  }
  if (!paused_ && !feeder_.wait_for_room(kPauseAfter, stop) && !stop.stop_requested()) pause();
}

void Session::pause() {
  const auto partitions = feeder_.partitions();
  const List list = new_list(partitions.size());
  for (const auto& one : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), one.topic.c_str(), one.number);
  }
  rd_kafka_pause_partitions(client_->handle(), list.get());
  paused_ = true;
  metrics_.paused.Set(1);
}

void Session::resume() {
  const auto partitions = feeder_.partitions();
  const List list = new_list(partitions.size());
  for (const auto& one : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), one.topic.c_str(), one.number);
  }
  rd_kafka_resume_partitions(client_->handle(), list.get());
  paused_ = false;
  metrics_.paused.Set(0);
}

void Session::take(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) return take_record(message);
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return;
  on_error(message.err, rd_kafka_message_errstr(&message));
}

void Session::take_record(const rd_kafka_message_t& message) {
  const Partition partition{rd_kafka_topic_name(message.rkt), message.partition};
  const auto key = text_of(message.key, message.key_len);
  const auto value = text_of(message.payload, message.len);
  const std::int64_t timestamp = rd_kafka_message_timestamp(&message, nullptr);
  const std::uint64_t digest = digest_of(timestamp, key, value);
  if (!trials_.empty() && !passes_trial(partition, message, digest)) return;
  RecordView record{.topic = partition.topic,
                    .partition = partition.number,
                    .offset = message.offset,
                    .timestamp = timestamp,
                    .headers = headers_of(message)};
  if (message.payload != nullptr) record.value = value;
  if (!record.value) metrics_.tombstones.Increment();
  feeder_.add(partition, message.offset, digest, reader_.read(record, services_.clock.wall()),
              value.size());
}

void Session::on_error(int code, std::string_view reason) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, 512> why{};
    const auto cause = rd_kafka_fatal_error(client_->handle(), why.data(), why.size());
    return fail(error_of(cause, place_, why.data()));
  }
  // A topic that is not there yet is waited for; the others are read meanwhile.
  const bool waits = code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                     code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                     code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    return fail({Fault::stop,
                 fmt::format("{}: {}: set the group's offset, or auto.offset.reset to earliest",
                             place_, reason),
                 "_AUTO_OFFSET_RESET"});
  }
  if (fault_of(code) == Fault::stop && !waits) return fail(error_of(code, place_, reason));
  services_.log.warn(
      services_.name, "trouble with the brokers",
      {{"reason", reason}, {"code", rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code))}});
}

void Session::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
}

}  // namespace cdviz::sources::kafka
