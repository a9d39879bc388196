// Numbers that look random and are the same on every machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace cdviz::demo {

/// SplitMix64 (Steele, Lea and Flood, 2014). One for each seed, name and number: what one day of
/// one service needs does not move what another gets.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view name, std::int64_t number) : state_(seed) {
    for (const char c : name) state_ = next() ^ static_cast<unsigned char>(c);
    state_ = next() ^ static_cast<std::uint64_t>(number);
  }

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  /// 0 to limit - 1. @param limit  at least 1, small against 2^64
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(limit));
  }
  bool chance(int percent) { return below(100) < percent; }
  /// `first` to `last`, to the millisecond.
  std::chrono::milliseconds between(std::chrono::milliseconds first,
                                    std::chrono::milliseconds last) {
    return first + std::chrono::milliseconds(below((last - first).count() + 1));
  }

 private:
  std::uint64_t state_;
};

}  // namespace cdviz::demo
