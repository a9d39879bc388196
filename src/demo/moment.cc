#include "demo/moment.h"

#include <charconv>

#include <fmt/format.h>

namespace cdviz::demo {
namespace {

using std::chrono::days;
using std::chrono::floor;

/// The digits of `text` from `at` on, exactly so many.
std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return std::nullopt;
  int value = 0;
  const char* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + digits, value);
  if (error != std::errc{} || end != begin + digits || *begin == '-') return std::nullopt;
  return value;
}

}  // namespace

std::string to_text(WallTime moment) {
  const auto day = floor<days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(moment - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

std::optional<WallTime> parse_moment(std::string_view text) {
  const auto year = number(text, 0, 4);
  const auto month = number(text, 5, 2);
  const auto day = number(text, 8, 2);
  const auto hour = number(text, 11, 2);
  const auto minute = number(text, 14, 2);
  const auto second = number(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const bool with_milliseconds = text.size() == 24;
  const auto milliseconds = with_milliseconds ? number(text, 20, 3) : std::optional(0);
  if (!milliseconds) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const WallTime moment = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                          std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
                          std::chrono::milliseconds(*milliseconds);
  // Whatever is out of range or misspelt is not written back in the same way.
  std::string again = to_text(moment);
  if (!with_milliseconds) again.erase(19, 4);
  return again == text ? std::optional(moment) : std::nullopt;
}

WallTime start_of_day(WallTime moment) { return floor<days>(moment); }

int hour_of(WallTime moment) {
  return static_cast<int>(floor<std::chrono::hours>(moment - start_of_day(moment)).count());
}

unsigned weekday_of(WallTime moment) {
  return std::chrono::weekday(floor<days>(moment)).c_encoding();
}

}  // namespace cdviz::demo
