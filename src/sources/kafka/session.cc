#include "sources/kafka/session.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include "kafka/fault.h"
#include "telemetry/log.h"

namespace cdviz::sources::kafka {
namespace {

using cdviz::kafka::Client;
using cdviz::kafka::error_of;
using cdviz::kafka::fault_of;

using List = std::unique_ptr<rd_kafka_topic_partition_list_t,
                             decltype(&rd_kafka_topic_partition_list_destroy)>;

/// How long one poll waits; so quickly a stop is heard.
constexpr int kPoll_ms = 100;
/// Records taken before anything else is looked at.
constexpr int kRecordsInARow = 500;
/// How long the queue may keep us waiting before the partitions are paused: pausing throws away
/// what was fetched.
constexpr std::chrono::milliseconds kPauseAfter{300};
/// Between two commits to the group, and two looks at the lag.
constexpr std::chrono::milliseconds kTick{1000};
/// What a rebalance waits for: records that are on their way to the disk, their commit, questions
/// about offsets.
constexpr std::chrono::milliseconds kSettle{5'000};
constexpr int kCommitWait_ms = 5'000;
constexpr int kAsk_ms = 10'000;
/// The same at the end, when somebody waits for us to stop.
constexpr std::chrono::milliseconds kSettleAtEnd{1'000};
constexpr int kCommitWaitAtEnd_ms = 1'500;
constexpr std::chrono::milliseconds kLeave{2'000};

List new_list(std::size_t size) {
  return {rd_kafka_topic_partition_list_new(static_cast<int>(size)),
          &rd_kafka_topic_partition_list_destroy};
}

std::vector<Partition> partitions_in(const rd_kafka_topic_partition_list_t& list) {
  std::vector<Partition> all;
  all.reserve(static_cast<std::size_t>(list.cnt));
  for (int i = 0; i < list.cnt; ++i) all.push_back({list.elems[i].topic, list.elems[i].partition});
  return all;
}

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

bool is_cooperative(rd_kafka_t* handle) {
  return std::string_view(rd_kafka_rebalance_protocol(handle)) == "COOPERATIVE";
}

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
