// Ordinary days, between what the script says.
#pragma once

#include <cstdint>
#include <vector>

#include "demo/moment.h"
#include "demo/release.h"

namespace cdviz::demo {

inline constexpr int kDaysMin = 60;  ///< the script reaches back so far
inline constexpr int kDaysMax = 365;

struct Options {
  WallTime until = {};     ///< the end moment
  std::uint64_t seed = 1;  ///< of all that is not in the script
  int days = 60;           ///< how long it is: kDaysMin to kDaysMax
};

/// All versions of a service, oldest first, with their numbers: where the story starts, ordinary
/// days, the script. A version never reaches an environment after a newer one did.
std::vector<Release> releases_of(const Service& service, const Options& options);

}  // namespace cdviz::demo
