// What a run tells its group: offsets of what is on disk, every second, when partitions go, and at
// the end.
#include <algorithm>

#include <librdkafka/rdkafka.h>

#include "kafka/fault.h"
#include "sources/kafka/partition_list.h"
#include "sources/kafka/session.h"
#include "telemetry/log.h"

namespace cdviz::sources::kafka {
namespace {

using cdviz::kafka::error_of;
using cdviz::kafka::fault_of;

/// Between two commits to the group, and two looks at the lag.
constexpr std::chrono::milliseconds kTick{1000};

}  // namespace

SourceMetrics::SourceMetrics(telemetry::Metrics& metrics, const std::string& name)
    : tombstones(metrics.counter("cdviz_skipped_records_total",
                                 "Records that hold no event by intention.",
                                 {{"component_id", name}, {"reason", "tombstone"}})),
      rebalances(metrics.counter("cdviz_kafka_rebalances_total",
                                 "Times that the group gave partitions to us or took some.",
                                 {{"component_id", name}})),
      commit_failures(metrics.counter("cdviz_kafka_commit_failures_total",
                                      "Commits to the group that failed; they are tried again.",
                                      {{"component_id", name}})),
      connects(metrics.counter("cdviz_connections_opened_total",
                               "Connections made to the other end.", {{"component_id", name}})),
      partitions(metrics.gauge("cdviz_kafka_assigned_partitions", "Partitions that are ours now.",
                               {{"component_id", name}})),
      paused(metrics.gauge("cdviz_kafka_paused",
                           "1 while nothing is fetched because the queue is full.",
                           {{"component_id", name}})),
      lag(metrics.gauge("cdviz_source_lag_events",
                        "Records of our partitions that were not read yet.",
                        {{"component_id", name}})) {}

void Session::tick() {
  serve_commits(0);
  const auto now = services_.clock.now();
  if (now - ticked_ < kTick) return;
  ticked_ = now;
  commit();
  feeder_.write_marks();
  std::int64_t lag = 0;
  for (const auto& partition : feeder_.partitions()) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto position = feeder_.position(partition);
    if (!position ||
        rd_kafka_get_watermark_offsets(client_->handle(), partition.topic.c_str(), partition.number,
                                       &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      continue;
    }
    lag += std::max<std::int64_t>(0, high - *position);
  }
  metrics_.lag.Set(static_cast<double>(lag));
}

void Session::commit() {
  if (commits_under_way_ > 0) return;
  const auto offsets = feeder_.to_commit();
  if (offsets.empty()) return;
  const List list = new_list(offsets.size());
  for (const auto& [partition, next] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number)
        ->offset = next;
  }
  const auto code =
      rd_kafka_commit_queue(client_->handle(), list.get(), commits_, nullptr, nullptr);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++commits_under_way_;
  } else {
    metrics_.commit_failures.Increment();
  }
}

bool Session::serve_commits(int timeout_ms) {
  if (commits_under_way_ == 0) return false;
  rd_kafka_event_t* event = rd_kafka_queue_poll(commits_, timeout_ms);
  if (event == nullptr) return true;
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT) {
    --commits_under_way_;
    const auto code = rd_kafka_event_error(event);
    const auto* list = rd_kafka_event_topic_partition_list(event);
    for (int i = 0; list != nullptr && i < list->cnt; ++i) {
      const auto& one = list->elems[i];
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR && one.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        feeder_.committed({one.topic, one.partition}, one.offset);
      }
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      metrics_.commit_failures.Increment();
      services_.log.warn(services_.name, "a commit to the group failed, it is tried again",
                         {{"reason", rd_kafka_err2str(code)}, {"code", rd_kafka_err2name(code)}});
      if (fault_of(code) == Fault::stop) fail(error_of(code, place_, "cannot commit to the group"));
    }
  }
  rd_kafka_event_destroy(event);
  return commits_under_way_ > 0;
}

void Session::commit_and_wait(int wait_ms) {
  if (serve_commits(wait_ms)) return;  // the one before gets no answer: neither would this
  commit();
  serve_commits(wait_ms);
}

/// One event while the client is closing. Taken as events, as records may be among them, for which
/// there is no callback.
void Session::serve_leaving(rd_kafka_queue_s& queue) {
  rd_kafka_event_t* event = rd_kafka_queue_poll(&queue, kPoll_ms);
  if (event == nullptr) return;
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE) {
    on_rebalance(rd_kafka_event_error(event), rd_kafka_event_topic_partition_list(event));
  }
  rd_kafka_event_destroy(event);
}

/// Leaves the group, so that others get our partitions at once; not for longer than kLeave.
void Session::leave(const std::stop_token& stop) {
  leaving_ = true;
  rd_kafka_t* handle = client_->handle();
  rd_kafka_queue_t* queue = rd_kafka_queue_new(handle);
  feeder_.discard(feeder_.partitions());
  rd_kafka_error_t* failed = rd_kafka_consumer_close_queue(handle, queue);
  if (failed != nullptr) {
    rd_kafka_error_destroy(failed);
  } else {
    const auto end = services_.clock.now() + kLeave;
    while (rd_kafka_consumer_closed(handle) == 0 && services_.clock.now() < end) {
      serve_leaving(*queue);
    }
  }
  rd_kafka_queue_destroy(queue);
  // The group's offsets as they are now: what an operator moves while we are away is recognised.
  auto marks = feeder_.due_marks();
  if (stop.stop_requested() && !marks.entries.empty() && !feeder_.failure()) {
    inlet_.put({}, std::move(marks), [](const Result<Receipt>&) {});
  }
}

}  // namespace cdviz::sources::kafka
