#include "sources/http/agreement.h"

#include <algorithm>
#include <charconv>

namespace cdviz::sources::http {
namespace {

constexpr std::chrono::minutes kBurst{1};

bool is_rate(std::string_view text) {
  std::uint64_t rate = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  return error == std::errc{} && end == text.data() + text.size() && rate > 0;
}

net::Response refusal(int status, std::string_view title, std::string_view detail) {
  auto response = net::problem(status, title, detail);
  response.headers.add("Allow", "POST");
  return response;
}

}  // namespace

bool Agreement::allows(std::string_view origin) const {
  return allowed_origins.empty() ||
         std::any_of(allowed_origins.begin(), allowed_origins.end(), [&](const auto& allowed) {
           return allowed == "*" || equal_ignoring_case(allowed, origin);
         });
}

bool Agreement::allows_sender(const Headers& headers) const {
  const auto origin = headers.find("WebHook-Request-Origin");
  return !origin || allows(*origin);
}

net::Response Agreement::answer(const Headers& headers) const {
  const auto origin = headers.find("WebHook-Request-Origin");
  if (!origin || origin->empty()) {
    return refusal(
        400, "Bad request",
        "OPTIONS asks for permission to send: say who you are with WebHook-Request-Origin.");
  }
  const auto rate = headers.find("WebHook-Request-Rate");
  if (rate && !is_rate(*rate)) {
    return refusal(400, "Bad request",
                   "WebHook-Request-Rate must be a number of requests a minute, above 0.");
  }
  if (!allows(*origin)) {
    return refusal(403, "Forbidden",
                   "This webhook does not take events from that origin (allowed_origins).");
  }
  net::Response response;
  response.headers.add("WebHook-Allowed-Origin", allows("*") ? "*" : std::string(*origin));
  response.headers.add("WebHook-Allowed-Rate", allowed_rate ? std::to_string(*allowed_rate) : "*");
  response.headers.add("Allow", "POST");
  return response;
}

// The generic cell rate algorithm: one moment instead of a counter and a clock.
RateLimit::RateLimit(std::uint32_t per_minute)
    : apart_(std::chrono::nanoseconds(std::chrono::minutes(1)) / per_minute) {}

std::optional<std::chrono::seconds> RateLimit::take(std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const Moment next = std::max<Moment>(paid_until_.value_or(now), now) + apart_;
  if (const auto ahead = next - now; ahead > kBurst) {
    return std::max(std::chrono::seconds(1),
                    std::chrono::ceil<std::chrono::seconds>(ahead - kBurst));
  }
  paid_until_ = next;
  return std::nullopt;
}

}  // namespace cdviz::sources::http
