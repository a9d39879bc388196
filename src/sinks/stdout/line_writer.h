// Whole lines onto a file descriptor that may be slow, without blocking beyond a request to stop.
#pragma once

#include <span>
#include <stop_token>
#include <string_view>

#include "core/result.h"

namespace cdviz::sinks::standard_output {

/// Not thread-safe. Does not own the descriptor.
class LineWriter {
 public:
  explicit LineWriter(int fd) : fd_(fd) {}

  /// Writes `lines`, which ends with a newline.
  /// @returns success when the kernel has all of it; Fault::retry when stopped meanwhile or the
  /// device is full;
  ///          Fault::stop when nobody reads any more (EPIPE). After a failure in the middle of a
  ///          line the next write ends that line first, so that a reader sees one broken line and
  ///          never two glued together.
  Result<void> write(std::string_view lines, const std::stop_token& stop);

 private:
  Result<void> write_all(std::string_view text, const std::stop_token& stop);

  int fd_;
  bool in_line_ = false;  ///< the last thing written did not end with a newline
};

}  // namespace cdviz::sinks::standard_output
