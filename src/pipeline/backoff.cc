#include "pipeline/backoff.h"

#include <algorithm>

namespace cdviz::pipeline {

Backoff::Pause Backoff::next(std::optional<Pause> asked) {
  constexpr unsigned kDoublings = 16;  // far beyond the cap, and far from an overflow
  const Pause most = std::min(kCap, kBase * (1 << std::min(tries_, kDoublings)));
  ++tries_;
  const Pause ours{std::uniform_int_distribution<Pause::rep>(0, most.count())(random_)};
  return asked ? std::clamp(*asked, ours, std::max(ours, kAskedMax)) : ours;
}

}  // namespace cdviz::pipeline
