#include "kafka/client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <librdkafka/rdkafka.h>

#include "kafka/fault.h"
#include "telemetry/log.h"

namespace cdviz::kafka {
namespace {

Client& client_of(void* opaque) { return *static_cast<Client*>(opaque); }

void log_callback(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  client_of(rd_kafka_opaque(handle)).write_log(level, facility, text);
}

void error_callback(rd_kafka_t*, int code, const char* reason, void* opaque) {
  client_of(opaque).listener().on_error(telling_code(code, reason), reason);
}

void rebalance_callback(rd_kafka_t*, rd_kafka_resp_err_t code,
                        rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  client_of(opaque).listener().on_rebalance(code, partitions);
}

void delivery_callback(rd_kafka_t*, const rd_kafka_message_t* record, void* opaque) {
  client_of(opaque).listener().on_delivered(*record);
}

void token_callback(rd_kafka_t*, const char*, void* opaque) { client_of(opaque).refresh_token(); }

}  // namespace

Client::Client(Listener& listener, telemetry::Log& log, std::string name)
    : listener_(listener), log_(log), name_(std::move(name)) {}

Client::~Client() {
  if (handle_ == nullptr) return;
  ending_ = true;
  if (rd_kafka_type(handle_) == RD_KAFKA_PRODUCER) {
    rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }
  rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void Client::refresh_token() const {
  const auto token = fetch_token(*token_, ending_);
  if (!token) {  // tried again in 10 s
    rd_kafka_oauthbearer_set_token_failure(handle_, token.error().message.c_str());
    return;
  }
  std::vector<const char*> extensions;
  for (const auto& [key, value] : token_->extensions) {
    extensions.push_back(key.c_str());
    extensions.push_back(value.c_str());
  }
  std::array<char, 512> why{};
  if (rd_kafka_oauthbearer_set_token(
          handle_, token->value.c_str(), token->expires.time_since_epoch().count(),
          token_->client_id.c_str(), extensions.data(), extensions.size(), why.data(),
          why.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_oauthbearer_set_token_failure(handle_, why.data());
  }
}

void Client::write_log(int level, const char* facility, const char* text) const {
  constexpr int kWarning = 4;
  constexpr int kNotice = 5;
  // Its errors are mostly connections that break, which it makes again.
  const auto ours = level <= kWarning  ? telemetry::Level::warn
                    : level <= kNotice ? telemetry::Level::info
                                       : telemetry::Level::debug;
  log_.write(ours, name_, "librdkafka", {{"facility", facility}, {"text", text}});
}

Result<std::unique_ptr<Client>> Client::open(Role role, const ClientSettings& settings,
                                             Listener& listener, telemetry::Log& log,
                                             const std::string& name) {
  std::unique_ptr<Client> client(new Client(listener, log, name));
  std::array<char, 512> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [property, value] : settings.properties) {
    if (rd_kafka_conf_set(conf, property.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      return Error{Fault::stop, std::string("Kafka: ") + why.data(), "config"};
    }
  }
  rd_kafka_conf_set_opaque(conf, client.get());
  rd_kafka_conf_set_log_cb(conf, &log_callback);
  rd_kafka_conf_set_error_cb(conf, &error_callback);
  client->token_ = settings.token;
  if (settings.token) {
    rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, &token_callback);
    rd_kafka_conf_enable_sasl_queue(conf, 1);
  }
  if (role == Role::consumer) {
    rd_kafka_conf_set_rebalance_cb(conf, &rebalance_callback);
  } else {
    rd_kafka_conf_set_dr_msg_cb(conf, &delivery_callback);
  }
  client->handle_ = rd_kafka_new(role == Role::consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER,
                                 conf, why.data(), why.size());
  if (client->handle_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    return Error{Fault::stop, std::string("Kafka: ") + why.data(), "config"};
  }
  if (settings.token) {
    // On a thread of librdkafka's own: tokens run out also while nobody polls.
    rd_kafka_error_destroy(rd_kafka_sasl_background_callbacks_enable(client->handle_));
  }
  return client;
}

Result<void> reach(Role role, const ClientSettings& settings, telemetry::Log& log,
                   const std::string& name) {
  /// What went wrong last says more than that nobody answered.
  struct Remember final : Listener {
    void on_error(int code, std::string_view reason) override {
      if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
      last_code = code;
      last_reason = reason;
    }
    int last_code = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::string last_reason;
  } remember;
  auto client = Client::open(role, settings, remember, log, name);
  if (!client) return client.error();
  constexpr std::chrono::seconds kDeadline{8};
  constexpr int kTry_ms = 1000;
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  rd_kafka_resp_err_t answer = RD_KAFKA_RESP_ERR__TIMED_OUT;
  do {
    const rd_kafka_metadata_t* metadata = nullptr;
    answer = rd_kafka_metadata((*client)->handle(), 0, nullptr, &metadata, kTry_ms);
    if (metadata != nullptr) rd_kafka_metadata_destroy(metadata);
    rd_kafka_poll((*client)->handle(), 0);
    if (answer == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    if (fault_of(remember.last_code) == Fault::stop) break;
  } while (std::chrono::steady_clock::now() < end);
  if (remember.last_code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return error_of(remember.last_code, settings.place(), remember.last_reason);
  }
  return error_of(answer, settings.place());
}

}  // namespace cdviz::kafka
