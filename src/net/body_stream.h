// A body that comes bit by bit: exports, streams of events. Whoever writes and the connection share
// it; what the client has not taken yet is bounded.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace cdviz::net {

/// Safe to use from any thread.
class BodyStream {
 public:
  /// @param bytes_max   that wait for the client to take them; a single write may be larger when
  ///                    none wait
  /// @param writes_max  that wait
  BodyStream(std::size_t bytes_max, std::size_t writes_max)
      : bytes_max_(bytes_max), writes_max_(writes_max) {}

  /// Appends all of `bytes` or nothing. Never waits.
  /// @returns false when there is no room, after end(), or when nobody reads any more
  bool write(std::string_view bytes);
  /// As write(), but waits for room.
  /// @returns false also when there was none within `timeout`
  bool write(std::string_view bytes, std::chrono::milliseconds timeout);
  /// Nothing more comes: what is there is still sent, then the connection closes.
  void end();
  /// Nothing more can come, and the client must see that something is missing: the connection is
  /// cut before the body's end.
  void fail();
  /// The client has gone, or was cut off: nobody reads what is written.
  bool gone() const;

  /// For the connection. @param wake  called from any thread when there is something to take
  void attach(std::function<void()> wake);
  struct Taken {
    std::string bytes;
    bool ended = false;   ///< and nothing follows
    bool failed = false;  ///< and what should follow does not
  };
  Taken take();
  void abandon();

 private:
  bool has_room(std::size_t bytes) const {
    return bytes_.empty() || (bytes_.size() + bytes <= bytes_max_ && writes_ < writes_max_);
  }
  void append(std::string_view bytes);

  const std::size_t bytes_max_;
  const std::size_t writes_max_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::function<void()> wake_;
  std::string bytes_;
  std::size_t writes_ = 0;
  bool ended_ = false;
  bool failed_ = false;
  bool gone_ = false;
};

}  // namespace cdviz::net
