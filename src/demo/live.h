// What goes on after the story: small changes that reach dev, one after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "demo/book.h"
#include "demo/release.h"

namespace cdviz::demo {

/// About one event a second. Leaves alone what the story's last lines show. Not for several
/// threads.
class Live {
 public:
  Live(std::uint64_t seed, WallTime from);

  /// Those whose time has come since the last call, oldest first.
  std::vector<Delivery> take_until(WallTime now);

 private:
  void begin_release();

  Turns turns_;
  WallTime next_;                  ///< when the next change is opened
  std::vector<Delivery> waiting_;  ///< oldest first
};

}  // namespace cdviz::demo
