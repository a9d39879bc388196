// Where a partition that became ours is read from, and how one is given up. Our own mark, stored
// with the events, says more than the group's offset, which may lag behind or belong to another
// log; the record before it is read again as proof that the log is the same (mark.h).
#include <algorithm>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include "kafka/fault.h"
#include "sources/kafka/partition_list.h"
#include "sources/kafka/session.h"
#include "telemetry/log.h"

namespace cdviz::sources::kafka {
namespace {

using cdviz::kafka::error_of;

bool is_cooperative(rd_kafka_t* handle) {
  return std::string_view(rd_kafka_rebalance_protocol(handle)) == "COOPERATIVE";
}

}  // namespace

bool Session::passes_trial(const Partition& partition, const rd_kafka_message_t& message,
                           std::uint64_t digest) {
  const auto found = trials_.find(partition);
  if (found == trials_.end()) return true;
  const Trial trial = found->second;
  trials_.erase(found);
  switch (prove(trial.own, message.offset, digest)) {
    case Proof::same:
      feeder_.placed_at(partition, trial.own.next);
      return false;
    case Proof::another:
      begin_anew(partition, trial.own);
      return false;
    case Proof::unknown:
      go_to(partition, trial.group.value_or(RD_KAFKA_OFFSET_BEGINNING), trial.group);
      return false;
  }
  return true;
}

/// Reads a log that was never read from its first record on. The group is told before anything of
/// it is stored: its offset belongs to the log before, and would let the next run pass over this
/// one.
void Session::begin_anew(const Partition& partition, const Mark& own) {
  services_.log.warn(services_.name, "the log of a partition is another one: read from its start",
                     {{"partition", to_string(partition)}, {"was_read_to", own.next}});
  const auto ends = watermarks(partition);
  if (!ends) return;
  go_to(partition, ends->first, std::nullopt);
  feeder_.placed_at(partition, ends->first);
  commit_and_wait(kCommitWait_ms);
  const auto still_due = feeder_.to_commit();
  if (std::any_of(still_due.begin(), still_due.end(),
                  [&](const auto& due) { return due.partition == partition; })) {
    fail({Fault::retry, place_ + ": the group does not take the offset of " + to_string(partition),
          "commit"});
  }
}

void Session::go_to(const Partition& partition, std::int64_t offset,
                    std::optional<std::int64_t> group) {
  feeder_.release({partition});
  const List list = new_list(1);
  rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number)->offset =
      offset;
  rd_kafka_error_t* failed = rd_kafka_seek_partitions(client_->handle(), list.get(), kAsk_ms);
  auto code = list->elems[0].err;
  if (failed != nullptr) {
    code = rd_kafka_error_code(failed);
    rd_kafka_error_destroy(failed);
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return fail(error_of(code, place_, "cannot seek in " + to_string(partition)));
  }
  feeder_.assign(partition, group);
}

void Session::on_rebalance(int code, rd_kafka_topic_partition_list_t* partitions) {
  metrics_.rebalances.Increment();
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assigned(partitions);
  } else {
    revoked(partitions);
  }
  metrics_.partitions.Set(static_cast<double>(feeder_.partitions().size()));
}

void Session::assigned(rd_kafka_topic_partition_list_t* partitions) {
  rd_kafka_t* handle = client_->handle();
  // Also asks about those that librdkafka would: what the group has decides what our mark is worth.
  const auto code = partitions->cnt == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR
                                         : rd_kafka_committed(handle, partitions, kAsk_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(error_of(code, place_, "cannot ask for the group's offsets"));
  }
  for (int i = 0; i < partitions->cnt && !failure_; ++i) {
    if (!place(partitions->elems[i])) break;
  }
  rd_kafka_error_t* failed = nullptr;
  if (is_cooperative(handle)) {
    failed = rd_kafka_incremental_assign(handle, partitions);
  } else {
    rd_kafka_assign(handle, partitions);
  }
  if (failed != nullptr) {
    fail(error_of(rd_kafka_error_code(failed), place_, rd_kafka_error_string(failed)));
    rd_kafka_error_destroy(failed);
  }
  if (paused_) rd_kafka_pause_partitions(handle, partitions);
}

/// Decides where to begin. @returns false when that cannot be found out
bool Session::place(rd_kafka_topic_partition_t& partition) {
  const Partition ours{partition.topic, partition.partition};
  if (partition.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(
        error_of(partition.err, place_, "cannot ask for the group's offset of " + to_string(ours)));
    return false;
  }
  const std::optional<std::int64_t> group =
      partition.offset >= 0 ? std::optional(partition.offset) : std::nullopt;
  feeder_.assign(ours, group);
  trials_.erase(ours);
  const auto kept = inlet_.checkpoint(to_string(ours));
  if (!kept) {
    fail(kept.error());
    return false;
  }
  const auto own = *kept ? parse_mark(**kept) : std::nullopt;
  if (own && own_mark_counts(group, *own, settings_.reset)) return place_by_mark(partition, *own);
  if (group || settings_.reset != Reset::latest) return true;  // as librdkafka would
  // The end is remembered at once: what comes while we are away must not be passed over.
  const auto ends = watermarks(ours);
  if (!ends) return false;
  partition.offset = ends->second;
  feeder_.placed_at(ours, ends->second);
  return true;
}

bool Session::place_by_mark(rd_kafka_topic_partition_t& partition, const Mark& own) {
  const Partition ours{partition.topic, partition.partition};
  const std::optional<std::int64_t> group =
      partition.offset >= 0 ? std::optional(partition.offset) : std::nullopt;
  const auto ends = watermarks(ours);
  if (!ends) return false;
  const auto [low, high] = *ends;
  if (own.next > high || own.next - 1 < low) {
    // The record that would tell is not there: the log is another one, or was cut.
    if (group && *group <= high) return true;
    partition.offset = low;
    feeder_.assign(ours, std::nullopt);  // what the group has is of another log, too
    feeder_.placed_at(ours, low);
    return true;
  }
  partition.offset = own.next - 1;
  trials_[ours] = {own, group};
  return true;
}

std::optional<std::pair<std::int64_t, std::int64_t>> Session::watermarks(
    const Partition& partition) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto code = rd_kafka_query_watermark_offsets(client_->handle(), partition.topic.c_str(),
                                                     partition.number, &low, &high, kAsk_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(error_of(code, place_, "cannot ask how long " + to_string(partition) + " is"));
    return std::nullopt;
  }
  return std::pair(low, high);
}

void Session::revoked(rd_kafka_topic_partition_list_t* partitions) {
  rd_kafka_t* handle = client_->handle();
  const auto going = partitions_in(*partitions);
  // What is not under way is read again by whoever gets them.
  feeder_.discard(going);
  if (rd_kafka_assignment_lost(handle) == 0) {
    feeder_.wait_until_settled(leaving_ ? kSettleAtEnd : kSettle);
    commit_and_wait(leaving_ ? kCommitWaitAtEnd_ms : kCommitWait_ms);
  }
  feeder_.release(going);
  for (const auto& partition : going) trials_.erase(partition);
  if (is_cooperative(handle)) {
    rd_kafka_error_t* failed = rd_kafka_incremental_unassign(handle, partitions);
    if (failed != nullptr) rd_kafka_error_destroy(failed);  // they are gone already
  } else {
    rd_kafka_assign(handle, nullptr);
  }
}

}  // namespace cdviz::sources::kafka
