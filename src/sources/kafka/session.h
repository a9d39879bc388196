// One run of the source: a member of the group from joining to leaving.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/component.h"
#include "kafka/client.h"
#include "sources/kafka/feeder.h"
#include "sources/kafka/kafka_source.h"
#include "sources/kafka/mark.h"
#include "sources/kafka/record_reader.h"
#include "telemetry/metrics.h"

struct rd_kafka_queue_s;
struct rd_kafka_topic_partition_s;

namespace cdviz::sources::kafka {

/// What is counted, whichever run it is in.
struct SourceMetrics {
  SourceMetrics(telemetry::Metrics& metrics, const std::string& name);
  telemetry::Counter& tombstones;
  telemetry::Counter& rebalances;
  telemetry::Counter& commit_failures;
  telemetry::Counter& connects;
  telemetry::Gauge& partitions;
  telemetry::Gauge& paused;
  telemetry::Gauge& lag;
};

/// All on the thread that calls run(). session.cc reads, session_partitions.cc finds out where to
/// begin, session_commits.cc tells the group.
class Session final : private cdviz::kafka::Listener {
 public:
  Session(const KafkaSourceSettings& settings, const RecordReader& reader, SourceMetrics& metrics,
          const Services& services, Inlet& inlet, FeederLimits limits);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Until `stop` is requested or something cannot be mended here. Leaves the group in any case.
  Result<void> run(const std::stop_token& stop);

 private:
  /// A partition that is read from the record before our mark on, to see whether it is the same
  /// log.
  struct Trial {
    Mark own;
    std::optional<std::int64_t> group;
  };

  Result<void> open();
  void loop(const std::stop_token& stop);
  void give_way(const std::stop_token& stop);
  void pause();
  void resume();
  void take(const rd_kafka_message_s& message);
  void take_record(const rd_kafka_message_s& message);
  /// @returns false when the record is none of the events: it was there to be compared
  bool passes_trial(const Partition& partition, const rd_kafka_message_s& message,
                    std::uint64_t digest);
  void begin_anew(const Partition& partition, const Mark& own);
  void go_to(const Partition& partition, std::int64_t offset, std::optional<std::int64_t> group);

  void on_error(int code, std::string_view reason) override;
  void on_rebalance(int code, rd_kafka_topic_partition_list_s* partitions) override;
  void assigned(rd_kafka_topic_partition_list_s* partitions);
  void revoked(rd_kafka_topic_partition_list_s* partitions);
  bool place(rd_kafka_topic_partition_s& partition);
  bool place_by_mark(rd_kafka_topic_partition_s& partition, const Mark& own);
  std::optional<std::pair<std::int64_t, std::int64_t>> watermarks(const Partition& partition);

  void tick();
  void commit();
  /// Serves what commits came to. @returns false when none is under way any more
  bool serve_commits(int timeout_ms);
  void commit_and_wait(int wait_ms);
  void serve_leaving(rd_kafka_queue_s& queue);
  void leave(const std::stop_token& stop);
  void fail(Error error);

  const KafkaSourceSettings& settings_;
  const RecordReader& reader_;
  SourceMetrics& metrics_;
  const Services& services_;
  Inlet& inlet_;
  const std::string place_;
  Feeder feeder_;
  std::unique_ptr<cdviz::kafka::Client> client_;
  rd_kafka_queue_s* commits_ = nullptr;  ///< where their outcome comes to
  int commits_under_way_ = 0;
  bool paused_ = false;
  bool leaving_ = false;
  std::map<Partition, Trial> trials_;
  std::optional<Error> failure_;
  std::chrono::steady_clock::time_point ticked_;
};

}  // namespace cdviz::sources::kafka
