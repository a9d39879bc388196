#include "sinks/postgres/parts.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace cdviz::sinks::postgres {
namespace {

using Key = std::pair<std::string_view, std::string_view>;  // of an event: source, id
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    const std::hash<std::string_view> hash;
    return hash(key.first) * 31 + hash(key.second);
  }
};

}  // namespace

std::vector<Part> divide(std::span<const Event* const> events, std::size_t ways) {
  std::vector<Part> parts(ways);
  std::unordered_map<Key, std::size_t, KeyHash> of_key;
  of_key.reserve(events.size());
  for (const Event* event : events) {
    const EventData& data = **event;
    const std::size_t of_subject = std::hash<std::string_view>{}(data.subject_id) % ways;
    const auto known = of_key.try_emplace(Key{data.source, data.id}, of_subject).first;
    parts[known->second].push_back(event);
  }
  std::erase_if(parts, [](const Part& part) { return part.empty(); });
  return parts;
}

std::size_t fitting(std::span<const Event* const> events, const TransactionLimits& limits) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (const Event* event : events.first(std::min(events.size(), limits.events))) {
    bytes += (*event)->json.size();
    if (count > 0 && bytes > limits.bytes) break;
    ++count;
  }
  return count;
}

}  // namespace cdviz::sinks::postgres
