// The pull requests that the server still has of us. No I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace cdviz::sources::nats {

/// Not thread-safe. The server answers the requests of one inbox in their order.
class Pulls {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kExpires{30};
  /// The server says at least this often that a request stands.
  static constexpr std::chrono::milliseconds kHeartbeat{2'000};
  /// Without any sign for this long a request is taken for lost: two heartbeats and a bit.
  static constexpr std::chrono::milliseconds kSilence{4'500};
  /// So that one can be answered while the other is on its way.
  static constexpr std::size_t kRequests = 2;
  static constexpr std::size_t kBytes = std::size_t{4} * 1024 * 1024;

  /// Adds a request. @returns its number, the last part of where it is answered
  std::uint64_t add(std::size_t messages, Time now);
  /// A message came.
  void arrived(Time now);
  /// Request `number` stands.
  void stands(Time now) { last_sign_ = now; }
  /// Request `number` is over.
  void ended(std::uint64_t number, Time now);
  void clear() { requests_.clear(); }

  bool empty() const { return requests_.empty(); }
  bool full() const { return requests_.size() >= kRequests; }
  /// Messages that may still come.
  std::size_t outstanding() const;
  /// True if the server owes us a sign: the requests are lost, the consumer perhaps too.
  bool silent(Time now) const { return !empty() && now - last_sign_ > kSilence; }

  /// The body of a request.
  /// @param bytes        0: any number
  /// @param expires_max  what the consumer allows; 0: any time
  static std::string request(std::size_t messages, std::size_t bytes,
                             std::chrono::milliseconds expires_max = {});

 private:
  struct Request {
    std::uint64_t number;
    std::size_t left;
  };
  std::deque<Request> requests_;
  std::uint64_t number_ = 0;
  Time last_sign_ = {};
};

}  // namespace cdviz::sources::nats
