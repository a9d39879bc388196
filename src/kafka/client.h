// A client of librdkafka: its handle, its callbacks and its log.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "kafka/client_options.h"

// Of librdkafka, whose header only .cc files include.
struct rd_kafka_s;
struct rd_kafka_message_s;
struct rd_kafka_topic_partition_list_s;

namespace cdviz::telemetry {
class Log;
}

namespace cdviz::kafka {

/// What librdkafka calls while it is polled, on the thread that polls.
struct Listener {
  virtual ~Listener() = default;
  /// Something about the client as a whole, most of which it mends itself.
  /// @param code  an rd_kafka_resp_err_t; RD_KAFKA_RESP_ERR__FATAL: it will not work any more
  virtual void on_error(int code, std::string_view reason) = 0;
  /// Consumer: partitions come or go. Must assign or unassign them.
  /// @param code  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, or else: they go
  virtual void on_rebalance(int /*code*/, rd_kafka_topic_partition_list_s* /*partitions*/) {}
  /// Producer: what became of a record.
  virtual void on_delivered(const rd_kafka_message_s& /*record*/) {}
};

enum class Role : std::uint8_t { consumer, producer };

/// Not thread-safe but for handle(), which librdkafka allows to be used from any thread.
class Client {
 public:
  /// Starts librdkafka's threads; connects in the background.
  /// @param listener  outlives the client, like `log`
  /// @param name      component_id, for the log
  /// @returns Fault::stop when the properties do not fit each other or a file cannot be read
  static Result<std::unique_ptr<Client>> open(Role role, const ClientSettings& settings,
                                              Listener& listener, telemetry::Log& log,
                                              const std::string& name);
  /// Ends its threads; what was not sent or committed is forgotten. A consumer that was not closed
  /// leaves its group when its session times out.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  rd_kafka_s* handle() const { return handle_; }
  Listener& listener() const { return listener_; }
  /// From librdkafka's background thread: fetches a token and hands it over.
  void refresh_token() const;
  /// From librdkafka's threads. @param level  as of syslog(3)
  void write_log(int level, const char* facility, const char* text) const;

 private:
  Client(Listener& listener, telemetry::Log& log, std::string name);

  Listener& listener_;
  telemetry::Log& log_;
  const std::string name_;
  std::optional<TokenRequest> token_;
  std::atomic<bool> ending_ = false;
  rd_kafka_s* handle_ = nullptr;
};

/// Whether the brokers answer and let us in; for `check --reach`. Takes at most about 8 s.
Result<void> reach(Role role, const ClientSettings& settings, telemetry::Log& log,
                   const std::string& name);

}  // namespace cdviz::kafka
