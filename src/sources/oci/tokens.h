// What the clients of one registry share: tokens, and the moment before which the registry wants to
// be left alone.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.h"

namespace cdviz::sources::oci {

/// Safe to call from any thread.
class Tokens {
 public:
  /// More are not kept: the oldest ones have expired, mostly.
  static constexpr std::size_t kMax = 10'000;

  explicit Tokens(const Clock& clock) : clock_(clock) {}

  /// @param purpose  what it lets us do: a scope, or the name of a repository
  /// @returns the value of an Authorization header that is still good
  std::optional<std::string> find(const std::string& purpose) const;
  void keep(const std::string& purpose, std::string authorization, std::chrono::seconds lifetime);
  void drop(const std::string& purpose);

  /// Nobody asks before that is over; the longest counts.
  void pause(std::chrono::milliseconds duration);
  /// How long from now.
  std::chrono::milliseconds pause_left() const;

 private:
  struct Kept {
    std::string authorization;
    std::chrono::steady_clock::time_point until;
  };
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Kept> kept_;
  std::chrono::steady_clock::time_point quiet_until_{};
};

}  // namespace cdviz::sources::oci
