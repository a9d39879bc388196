// librdkafka's lists of partitions, and how long the parts of a run wait.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "sources/kafka/mark.h"

namespace cdviz::sources::kafka {

using List = std::unique_ptr<rd_kafka_topic_partition_list_t,
                             decltype(&rd_kafka_topic_partition_list_destroy)>;

inline List new_list(std::size_t size) {
  return {rd_kafka_topic_partition_list_new(static_cast<int>(size)),
          &rd_kafka_topic_partition_list_destroy};
}

inline std::vector<Partition> partitions_in(const rd_kafka_topic_partition_list_t& list) {
  std::vector<Partition> all;
  all.reserve(static_cast<std::size_t>(list.cnt));
  for (int i = 0; i < list.cnt; ++i) all.push_back({list.elems[i].topic, list.elems[i].partition});
  return all;
}

/// How long one poll waits; so quickly a stop is heard.
inline constexpr int kPoll_ms = 100;
/// What a rebalance waits for: records that are on their way to the disk, their commit, questions
/// about offsets.
inline constexpr std::chrono::milliseconds kSettle{5'000};
inline constexpr int kCommitWait_ms = 5'000;
inline constexpr int kAsk_ms = 10'000;
/// The same at the end, when somebody waits for us to stop.
inline constexpr std::chrono::milliseconds kSettleAtEnd{1'000};
inline constexpr int kCommitWaitAtEnd_ms = 1'500;
inline constexpr std::chrono::milliseconds kLeave{2'000};

}  // namespace cdviz::sources::kafka
