#include "sinks/kafka/kafka_sink.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include "kafka/client.h"
#include "kafka/fault.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::sinks::kafka {
namespace {

using cdviz::kafka::Client;
using cdviz::kafka::error_of;
using cdviz::kafka::fault_of;

/// How long one wait may take before it is looked whether to stop.
constexpr int kPoll_ms = 100;

/// Events that a rejected batch brought to the brokers. Beyond, some are sent twice.
constexpr std::size_t kRemembered = 20'000;

std::string key_of(const EventData& event) { return event.source + '\0' + event.id; }

/// Stop says more than retry, retry more than reject: with a broker that is away, nothing is known
/// of what it would have refused.
int weight(Fault fault) { return fault == Fault::stop ? 2 : fault == Fault::retry ? 1 : 0; }

/// What is known of the records of one write. Their opaque pointers lead here.
struct Delivery {
  struct Slot {
    Delivery* delivery = nullptr;
    int code = RD_KAFKA_RESP_ERR__STATE;
  };
  std::vector<Slot> slots;
  std::size_t waiting = 0;
};

class KafkaSink final : public Sink, private cdviz::kafka::Listener {
 public:
  KafkaSink(KafkaSinkSettings settings, const Services& services)
      : settings_(std::move(settings)),
        place_(settings_.client.place()),
        name_(services.name),
        clock_(services.clock),
        log_(services.log),
        producers_(services.metrics.counter("cdviz_connections_opened_total",
                                            "Connections made to the other end.",
                                            {{"component_id", services.name}})) {}
  ~KafkaSink() override = default;
  KafkaSink(const KafkaSink&) = delete;
  KafkaSink& operator=(const KafkaSink&) = delete;

  Result<void> write(std::span<const Event> batch, std::stop_token stop) override {
    if (auto opened = open(); !opened) return opened;
    // What was told while nothing was to be written is over, or will be told again.
    rd_kafka_poll(client_->handle(), 0);
    trouble_.reset();
    reason_.clear();
    auto records = records_of(batch);
    if (!records) return records.error();
    Delivery delivery;
    delivery.slots.resize(records->size());
    if (auto sent = produce(*records, delivery, stop); !sent) return abandon(sent.error());
    if (auto waited = await(delivery, stop); !waited) return abandon(waited.error());
    return verdict(batch, *records, delivery);
  }

  std::size_t max_batch() const override { return settings_.batch_events_max; }
  std::size_t max_batch_bytes() const override { return settings_.batch_bytes_max; }

 private:
  /// A record and the event of the batch that it is of.
  struct Numbered {
    std::size_t event;
    Record record;
  };

  Result<void> open() {
    if (client_) return {};
    auto client = Client::open(cdviz::kafka::Role::producer, settings_.client, *this, log_, name_);
    if (!client) return client.error();
    client_ = std::move(*client);
    fatal_.reset();
    trouble_.reset();
    producers_.Increment();
    return {};
  }

  /// The records of those events that the brokers do not have yet. Nothing is sent while one of
  /// them cannot be: what was sent beside it would be sent again when the batch is halved.
  Result<std::vector<Numbered>> records_of(std::span<const Event> batch) {
    std::vector<Numbered> records;
    records.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!stored_.empty() && stored_.contains(key_of(*batch[i]))) continue;
      auto record = record_of(*batch[i], settings_.format, clock_.wall());
      if (!record) return record.error();
      if (wire_bytes(*record) > settings_.record_bytes_max) {
        return error_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, place_,
                        fmt::format("a record of {} bytes is larger than record_bytes_max allows",
                                    wire_bytes(*record)));
      }
      records.push_back({i, std::move(*record)});
    }
    return records;
  }

  Result<void> produce(const std::vector<Numbered>& records, Delivery& delivery,
                       const std::stop_token& stop) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      delivery.slots[i].delivery = &delivery;
      for (;;) {
        const auto code = produce_one(records[i].record, delivery.slots[i]);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
          return error_of(code, place_about(records[i].record));
        }
        rd_kafka_poll(client_->handle(), kPoll_ms);
        if (auto trouble = trouble_or_stop(stop); !trouble) return trouble;
      }
      ++delivery.waiting;
    }
    return {};
  }

  rd_kafka_resp_err_t produce_one(const Record& record, Delivery::Slot& slot) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
    std::array<rd_kafka_vu_t, 6> fields{};
    fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    fields[0].u.cstr = record.topic.c_str();
    fields[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[1].u.i = RD_KAFKA_MSG_F_COPY;
    fields[2].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[2].u.mem = {const_cast<char*>(record.value.data()), record.value.size()};
    fields[3].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[3].u.ptr = &slot;
    fields[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[4].u.headers = headers;
    std::size_t used = 5;
    if (!record.key.empty()) {
      fields[used].vtype = RD_KAFKA_VTYPE_KEY;
      fields[used].u.mem = {const_cast<char*>(record.key.data()), record.key.size()};
      ++used;
    }
    rd_kafka_error_t* failed = rd_kafka_produceva(client_->handle(), fields.data(), used);
    if (failed == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
    const auto code = rd_kafka_error_code(failed);
    rd_kafka_error_destroy(failed);
    rd_kafka_headers_destroy(headers);  // taken only by a success
    return code;
  }

  /// Until the brokers have said of each record what became of it; librdkafka answers for them
  /// after message.timeout.ms.
  Result<void> await(Delivery& delivery, const std::stop_token& stop) {
    while (delivery.waiting > 0) {
      rd_kafka_poll(client_->handle(), kPoll_ms);
      if (delivery.waiting == 0) break;
      if (auto trouble = trouble_or_stop(stop); !trouble) return trouble;
    }
    if (fatal_) return *fatal_;
    return {};
  }

  Result<void> trouble_or_stop(const std::stop_token& stop) {
    if (stop.stop_requested()) return Error{Fault::retry, "stopped while sending", "stopped"};
    if (fatal_) return *fatal_;
    if (trouble_) return *std::exchange(trouble_, std::nullopt);
    return {};
  }

  /// Whatever is still under way is forgotten with its producer: the batch comes again.
  Error abandon(Error error) {
    client_.reset();
    return error;
  }

  Result<void> verdict(std::span<const Event> batch, const std::vector<Numbered>& records,
                       const Delivery& delivery) {
    std::optional<std::size_t> worst;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const int code = delivery.slots[i].code;
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      if (!worst || weight(fault_of(code)) > weight(fault_of(delivery.slots[*worst].code))) {
        worst = i;
      }
    }
    if (!worst) {
      if (!stored_.empty()) forget(batch);
      return {};
    }
    Error error = error_of(delivery.slots[*worst].code, place_about(records[*worst].record));
    // Why nothing came through, librdkafka tells beside it.
    if (error.fault == Fault::retry && !reason_.empty()) error.message += "; " + reason_;
    if (error.fault == Fault::stop) return abandon(std::move(error));  // it remembers its topics
    if (error.fault == Fault::reject) {
      if (stored_.size() > kRemembered) stored_.clear();
      // The batch is halved next: what the brokers have of it need not be sent again. After other
      // failures it is, as the order of a partition would be lost.
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (delivery.slots[i].code == RD_KAFKA_RESP_ERR_NO_ERROR) {
          stored_.insert(key_of(*batch[records[i].event]));
        }
      }
    }
    return error;
  }

  void forget(std::span<const Event> batch) {
    for (const Event& event : batch) stored_.erase(key_of(*event));
  }

  std::string place_about(const Record& record) const {
    return fmt::format("{}, topic \"{}\"", place_, record.topic);
  }

  void on_delivered(const rd_kafka_message_s& record) override {
    auto* slot = static_cast<Delivery::Slot*>(record._private);
    slot->code = record.err;
    --slot->delivery->waiting;
  }

  void on_error(int code, std::string_view reason) override {
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      std::array<char, 512> why{};
      const auto cause = rd_kafka_fatal_error(client_->handle(), why.data(), why.size());
      fatal_ =
          Error{Fault::retry, fmt::format("{}: {}: a new producer is made", place_, why.data()),
                rd_kafka_err2name(cause)};
    } else if (fault_of(code) == Fault::stop) {
      // Records would wait until their time is over, and then say nothing of why.
      trouble_ = error_of(code, place_, reason);
    } else {
      reason_ = reason;
      log_.warn(name_, "trouble with the brokers", {{"reason", reason}});
    }
  }

  const KafkaSinkSettings settings_;
  const std::string place_;
  const std::string name_;
  const Clock& clock_;
  telemetry::Log& log_;
  telemetry::Counter& producers_;
  std::optional<Error> fatal_;
  std::optional<Error> trouble_;
  std::string reason_;              ///< of the last trouble that may pass
  std::set<std::string> stored_;    ///< keys of what a rejected batch brought to the brokers
  std::unique_ptr<Client> client_;  ///< destroyed first: it calls us
};

}  // namespace

std::unique_ptr<Sink> make_kafka_sink(KafkaSinkSettings settings, const Services& services) {
  return std::make_unique<KafkaSink>(std::move(settings), services);
}

}  // namespace cdviz::sinks::kafka
