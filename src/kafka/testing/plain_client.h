// The other side of a test: librdkafka alone, with nothing of ours around it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/headers.h"

namespace cdviz::kafka::testing {

struct PlainRecord {
  std::string topic;
  std::string key = {};
  std::optional<std::string> value = {};  ///< nothing: a tombstone
  Headers headers = {};
  std::int32_t partition = -1;  ///< to produce: -1 by the key
  std::int64_t offset = -1;     ///< where it was found
};

/// Writes the records, in order, and waits until the brokers have them. Throws when they do not.
void produce(const std::string& brokers, const std::vector<PlainRecord>& records);

/// Reads partitions 0 to `partitions` - 1 from their beginning until `count` records were found or
/// the time is over. No group.
std::vector<PlainRecord> consume(const std::string& brokers, const std::string& topic,
                                 int partitions, std::size_t count,
                                 std::chrono::milliseconds deadline = std::chrono::seconds(20));

/// What a group has committed for a partition; nothing if it has not.
std::optional<std::int64_t> committed(const std::string& brokers, const std::string& group,
                                      const std::string& topic, std::int32_t partition);

/// Sets it, as a tool of an operator does. The group has no members.
void set_committed(const std::string& brokers, const std::string& group, const std::string& topic,
                   std::int32_t partition, std::int64_t offset);

}  // namespace cdviz::kafka::testing
