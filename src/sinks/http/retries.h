// What failed for a moment is sent again within the write: a peer that answers one request of fifty
// with 503 is no reason for the dispatcher, which sees the batch alone, to hold all of it back. One
// that answers nothing well is: then the write is over, and the dispatcher waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <unordered_map>

#include "core/result.h"

namespace cdviz::sinks::http {

/// Of one write. Pure; not thread-safe.
class Retries {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Pause = std::chrono::milliseconds;
  /// How often a request is sent again at most.
  static constexpr unsigned kMost = 3;
  /// Before the first of these; it doubles, with equal jitter: between half of it and all.
  static constexpr Pause kBase{50};
  /// After the first failure of a write, nothing is sent again later than this.
  static constexpr Pause kDeadline{5'000};
  /// A longer Retry-After is the dispatcher's to wait for.
  static constexpr Pause kAskedMax{2'000};
  /// So many failures without one success between them end the write; also as many as requests were
  /// in flight at the first of them, if these were more.
  static constexpr std::size_t kInRow = 3;

  /// @param seed  of the jitter
  explicit Retries(std::uint32_t seed = std::random_device{}()) : random_(seed) {}

  /// The request of event `index` failed with Fault::retry.
  /// @param in_flight  requests on their way at that moment, this one included
  /// @returns true if it will be due again; false: the write is over
  bool again(std::size_t index, const Error& error, std::size_t in_flight, Time now);
  /// A request was answered by somebody who works.
  void answered() { in_row_ = 0; }

  /// Nothing at all is sent before this: the other end asked for it.
  Time not_before() const { return not_before_; }
  /// Takes the next event that is due. Nothing when none is.
  std::optional<std::size_t> due(Time now);
  /// When the next one is due.
  std::optional<Time> next() const;

 private:
  std::minstd_rand random_;
  std::unordered_map<std::size_t, unsigned> failures_;  ///< by index
  std::multimap<Time, std::size_t> waiting_;
  std::optional<Time> deadline_;
  Time not_before_ = {};
  std::size_t in_row_ = 0;
  std::size_t in_row_max_ = 0;
};

}  // namespace cdviz::sinks::http
