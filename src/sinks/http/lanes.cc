#include "sinks/http/lanes.h"

#include <utility>

namespace cdviz::sinks::http {

void Lanes::add(std::size_t index, std::string_view subject) {
  const auto [at, is_new] = lane_of_subject_.try_emplace(subject, lanes_.size());
  if (is_new) {
    lanes_.emplace_back();
    ready_.emplace(index, at->second);
  }
  lanes_[at->second].indexes.push_back(index);
}

std::optional<std::size_t> Lanes::next() {
  if (ready_.empty()) return std::nullopt;
  const auto [index, lane] = ready_.top();
  ready_.pop();
  lane_of_index_.emplace(index, lane);
  return index;
}

void Lanes::done(std::size_t index) {
  const auto at = lane_of_index_.find(index);
  if (at == lane_of_index_.end()) return;
  const std::size_t number = at->second;
  lane_of_index_.erase(at);
  Lane& lane = lanes_[number];
  if (++lane.at < lane.indexes.size()) ready_.emplace(lane.indexes[lane.at], number);
}

}  // namespace cdviz::sinks::http
