#include "sources/nats/pulls.h"

#include <algorithm>

#include <fmt/format.h>

namespace cdviz::sources::nats {

std::uint64_t Pulls::add(std::size_t messages, Time now) {
  if (requests_.empty()) last_sign_ = now;
  requests_.push_back({++number_, messages});
  return number_;
}

void Pulls::arrived(Time now) {
  last_sign_ = now;
  if (requests_.empty()) return;
  if (--requests_.front().left == 0) requests_.pop_front();
}

void Pulls::ended(std::uint64_t number, Time now) {
  last_sign_ = now;
  std::erase_if(requests_, [&](const Request& request) { return request.number == number; });
}

std::size_t Pulls::outstanding() const {
  std::size_t sum = 0;
  for (const Request& request : requests_) sum += request.left;
  return sum;
}

std::string Pulls::request(std::size_t messages, std::size_t bytes,
                           std::chrono::milliseconds expires_max) {
  using std::chrono::milliseconds;
  using std::chrono::nanoseconds;
  milliseconds expires = kExpires;
  if (expires_max.count() > 0) expires = std::min(expires, expires_max);
  const auto ns = [](milliseconds time) {
    return std::chrono::duration_cast<nanoseconds>(time).count();
  };
  // The server wants two heartbeats to fit.
  std::string text = fmt::format(R"({{"batch":{},"expires":{},"idle_heartbeat":{})", messages,
                                 ns(expires), ns(std::min(kHeartbeat, expires / 2)));
  if (bytes != 0) text += fmt::format(R"(,"max_bytes":{})", bytes);
  return text + "}";
}

}  // namespace cdviz::sources::nats
