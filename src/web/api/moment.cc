#include "web/api/moment.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "queries/value.h"

namespace cdviz::web::api {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// @returns the number that the first `size` characters are
std::optional<int> digits(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// What lies behind the seconds: "", "Z", ".5Z", "+01:00". @returns milliseconds to add
std::optional<milliseconds> fraction_and_zone(std::string_view text) {
  milliseconds shift{0};
  if (text.starts_with('.')) {
    std::size_t end = 1;
    int scale = 100;
    for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end, scale /= 10)
      shift += milliseconds((text[end] - '0') * scale);
    text.remove_prefix(end);
  }
  if (text.size() == 6) {
    const auto hour = digits(text.substr(1, 2));
    const auto minute = digits(text.substr(4, 2));
    if (!hour || !minute || *hour > 15 || *minute > 59) return std::nullopt;
    const auto zone = hours(*hour) + minutes(*minute);
    shift += text[0] == '-' ? zone : -zone;
  }
  return shift;
}

/// Of a text whose form queries::moment_text has checked.
std::optional<WallTime> wall_time_of(std::string_view text) {
  const auto year = digits(text.substr(0, 4));
  const auto month = digits(text.substr(5, 2));
  const auto day = digits(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  WallTime time(std::chrono::sys_days(date).time_since_epoch());
  if (text.size() == 10) return time;
  const auto hour = digits(text.substr(11, 2));
  const auto minute = digits(text.substr(14, 2));
  const auto second = text.size() > 16 && text[16] == ':' ? digits(text.substr(17, 2)) : 0;
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59)
    return std::nullopt;
  time += hours(*hour) + minutes(*minute) + seconds(*second);
  if (text.size() <= 19) return time;
  const auto shift = fraction_and_zone(text.substr(19));
  if (!shift) return std::nullopt;
  return time + *shift;
}

/// The begin of the unit that `time` is in, in UTC, or of the next one.
std::optional<WallTime> at_edge(WallTime time, char unit, Edge edge) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const int next = edge == Edge::end ? 1 : 0;
  const auto from = [](std::chrono::sys_days begin) { return WallTime(begin.time_since_epoch()); };
  switch (unit) {
    case 's':
      return rounded_down(time, seconds(1)) + next * seconds(1);
    case 'm':
      return rounded_down(time, minutes(1)) + next * minutes(1);
    case 'h':
      return rounded_down(time, hours(1)) + next * hours(1);
    case 'd':
      return from(day + days(next));
    case 'w': {  // weeks begin on Monday (ISO 8601)
      const auto since_monday = std::chrono::weekday(day) - std::chrono::Monday;
      return from(day - since_monday + days(7 * next));
    }
    case 'M': {
      const auto month = date.year() / date.month() + std::chrono::months(next);
      return from(std::chrono::sys_days(month / 1));
    }
    case 'y':
      return from(std::chrono::sys_days((date.year() + std::chrono::years(next)) / 1 / 1));
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Moment> moment_of(std::string_view text, Edge edge, WallTime now) {
  char unit = 0;
  if (text.starts_with("now") && text.size() > 2 && text[text.size() - 2] == '/') {
    unit = text.back();
    text.remove_suffix(2);
  }
  const auto checked = queries::moment_text(text, now);
  if (!checked) return std::nullopt;
  auto time = wall_time_of(*checked);
  if (time && unit != 0) time = at_edge(*time, unit, edge);
  if (!time) return std::nullopt;
  const bool shifted =
      !text.empty() && text.size() < 11 && text.find('-') == std::string_view::npos;
  return Moment{*time, text.starts_with("now") || shifted};
}

std::optional<std::string> moment_of_default(std::string_view sql) {
  if (sql == "now()") return "now";
  constexpr std::string_view kBefore = "now() - interval '";
  if (!sql.starts_with(kBefore) || !sql.ends_with('\'')) return std::nullopt;
  sql = sql.substr(kBefore.size(), sql.size() - kBefore.size() - 1);
  const auto space = sql.find(' ');
  const auto count = digits(sql.substr(0, space));
  if (!count || space == std::string_view::npos) return std::nullopt;
  constexpr std::array<std::pair<std::string_view, char>, 3> kUnits = {
      {{"day", 'd'}, {"hour", 'h'}, {"minute", 'm'}}};
  for (const auto& [name, unit] : kUnits) {
    if (sql.substr(space + 1).starts_with(name)) return fmt::format("now-{}{}", *count, unit);
  }
  return std::nullopt;
}

milliseconds step_for(milliseconds span) {
  if (span <= hours(6)) return seconds(30);
  if (span <= days(7)) return minutes(5);
  return hours(1);
}

WallTime rounded_down(WallTime time, milliseconds step) {
  const auto since = time.time_since_epoch();
  auto rest = since % step;
  if (rest < milliseconds::zero()) rest += step;
  return time - rest;
}

std::string rfc3339(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const auto rest = std::chrono::duration_cast<milliseconds>(time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     rest / 3'600'000, rest / 60'000 % 60, rest / 1'000 % 60, rest % 1'000);
}

}  // namespace cdviz::web::api
