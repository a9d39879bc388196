// How long to wait before the next try: exponential with full jitter, so that many collectors do
// not come back at the same moment
// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace cdviz::pipeline {

/// Not thread-safe: one for each thing that is tried again.
class Backoff {
 public:
  using Pause = std::chrono::milliseconds;
  static constexpr Pause kBase{100};              ///< the most that the first pause can be
  static constexpr Pause kCap{30'000};            ///< the most that any pause of our own can be
  static constexpr Pause kAskedMax{10 * 60'000};  ///< the most that the other end may ask for

  explicit Backoff(std::uint32_t seed = std::random_device{}()) : random_(seed) {}

  /// The next pause: anything between 0 and min(kCap, kBase · 2^tries), but at least what the other
  /// end asked for.
  Pause next(std::optional<Pause> asked = {});
  /// It worked: the next failure starts from kBase.
  void reset() { tries_ = 0; }
  /// Failures since the last success.
  unsigned tries() const { return tries_; }

 private:
  unsigned tries_ = 0;
  std::mt19937 random_;
};

}  // namespace cdviz::pipeline
