// What a sender and this webhook agree on: the handshake of the webhook specification of
// CloudEvents (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md §4),
// which keeps anybody from having events sent to somebody who does not want them, and the rate it
// promises.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/headers.h"
#include "net/routes.h"

namespace cdviz::sources::http {

struct Agreement {
  std::vector<std::string> allowed_origins = {};   ///< empty, or with "*" in it: any
  std::optional<std::uint32_t> allowed_rate = {};  ///< requests a minute; none: any

  /// By name, without case.
  bool allows(std::string_view origin) const;

  /// False if the sender says who it is (WebHook-Request-Origin) and is not allowed. Those who do
  /// not know the handshake say nothing.
  bool allows_sender(const Headers& headers) const;

  /// The answer to OPTIONS, at once: a callback that the sender offers is not called, as whoever
  /// sends the request would choose where we connect to.
  net::Response answer(const Headers& headers) const;
};

/// Requests a minute, with a minute's worth at once. Safe to call from any thread.
class RateLimit {
 public:
  explicit RateLimit(std::uint32_t per_minute);

  /// Counts a request. @returns when to come again if there are too many; then it is not counted
  std::optional<std::chrono::seconds> take(std::chrono::steady_clock::time_point now);

 private:
  using Moment = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
  const std::chrono::nanoseconds apart_;  ///< one request from the next, in the long run
  std::mutex mutex_;
  std::optional<Moment> paid_until_;  ///< what has been taken lasts until then
};

}  // namespace cdviz::sources::http
