// What a ledger keeps of a thing: as it was reported, and since when it is gone.
//
// Things that are gone are remembered for a year: the very same thing may come back, and that is
// another happening, which needs another id.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "activity/thing.h"

namespace cdviz::activity {

/// So long a thing that is gone is remembered.
inline constexpr std::chrono::days kRememberGone{365};

struct Known {
  Thing thing;
  /// What is cheap to look at and changes with the thing, as the source makes it: when it is the
  /// same, nobody looks closer.
  std::string mark = {};
  std::optional<WallTime> gone = {};  ///< since when it is not there; nothing: it is

  bool operator==(const Known&) const = default;
};

/// Compact JSON.
std::string to_text(const Known& known);
/// @returns nothing for what to_text did not write
std::optional<Known> parse_known(std::string_view text);

/// How often `thing` was there before, given what its key was last known as. The time of a thing
/// tells two of its states apart as long as it goes on; where there is none, or it goes back (an
/// old copy is put in place again), only counting does.
std::uint64_t occurrence_after(const Known& last, const Thing& thing);

}  // namespace cdviz::activity
