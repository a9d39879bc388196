#include "aws/time.h"

#include <chrono>

#include <curl/curl.h>
#include <fmt/format.h>

namespace cdviz::aws {
namespace {

/// The number in `text`, which must be digits; -1 if it is not.
int number(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return text.empty() ? -1 : value;
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text) {
  constexpr std::size_t kSeconds = 19;  // up to them
  if (text.size() < kSeconds + 1 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' ||
      text[10] != 'T' || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const int year = number(text.substr(0, 4)), month = number(text.substr(5, 2)),
            day = number(text.substr(8, 2)), hour = number(text.substr(11, 2)),
            minute = number(text.substr(14, 2)), second = number(text.substr(17, 2));
  int millisecond = 0;
  if (text.size() > kSeconds + 1) {
    auto fraction = text.substr(kSeconds + 1, text.size() - kSeconds - 2);
    if (text[kSeconds] != '.' || fraction.size() > 9 || number(fraction) < 0) return std::nullopt;
    std::string three(fraction.substr(0, 3));
    three.resize(3, '0');
    millisecond = number(three);
  }
  if (year < 1 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours(hour) +
                  std::chrono::minutes(minute) + std::chrono::seconds(second) +
                  std::chrono::milliseconds(millisecond)};
}

std::string format_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const auto milliseconds = clock.subseconds().count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", int{date.year()},
                     unsigned{date.month()}, unsigned{date.day()}, clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(),
                     milliseconds == 0 ? "" : fmt::format(".{:03}", milliseconds));
}

std::optional<WallTime> parse_http_date(const std::string& text) {
  const auto seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return WallTime{std::chrono::seconds(seconds)};
}

}  // namespace cdviz::aws
