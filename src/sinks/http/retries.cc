#include "sinks/http/retries.h"

#include <algorithm>

namespace cdviz::sinks::http {

bool Retries::again(std::size_t index, const Error& error, std::size_t in_flight, Time now) {
  if (!deadline_) deadline_ = now + kDeadline;
  if (in_row_++ == 0) in_row_max_ = std::max(kInRow, in_flight);
  const unsigned failures = ++failures_[index];
  const Pause asked = error.retry_after.value_or(Pause{0});
  if (in_row_ >= in_row_max_ || failures > kMost || asked > kAskedMax) return false;
  const Pause longest = kBase * (1U << (failures - 1));
  const Pause ours{
      std::uniform_int_distribution<Pause::rep>(longest.count() / 2, longest.count())(random_)};
  const Time at = now + std::max(ours, asked);
  if (at > *deadline_) return false;
  if (asked > Pause{0}) not_before_ = std::max(not_before_, now + asked);
  waiting_.emplace(at, index);
  return true;
}

std::optional<std::size_t> Retries::due(Time now) {
  if (waiting_.empty() || waiting_.begin()->first > now) return std::nullopt;
  const std::size_t index = waiting_.begin()->second;
  waiting_.erase(waiting_.begin());
  return index;
}

std::optional<Retries::Time> Retries::next() const {
  if (waiting_.empty()) return std::nullopt;
  return std::max(waiting_.begin()->first, not_before_);
}

}  // namespace cdviz::sinks::http
