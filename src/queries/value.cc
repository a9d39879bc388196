#include "queries/value.h"

#include <charconv>
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "config/mistakes.h"
#include "config/units.h"

namespace cdviz::queries {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kMostUnits = 1'000'000'000;

/// "2026-01-31", "2026-01-31T12:00:00.5+01:00": its form; whether there is such a day PostgreSQL
/// says.
bool is_date_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t at = 0;
  for (; at < text.size() && at < kForm.size(); ++at) {
    const bool fits = kForm[at] == '0'   ? digit(text[at])
                      : kForm[at] == 'T' ? text[at] == 'T' || text[at] == ' '
                                         : text[at] == kForm[at];
    if (!fits) break;
  }
  if (at == 10) return text.size() == 10;
  if (at != 16 && at != kForm.size()) return false;
  std::string_view rest = text.substr(at);
  if (at == kForm.size() && rest.starts_with('.')) {
    std::size_t fraction = 1;
    while (fraction < rest.size() && digit(rest[fraction])) ++fraction;
    if (fraction == 1) return false;
    rest.remove_prefix(fraction);
  }
  if (rest.empty() || rest == "Z" || rest == "z") return true;
  return rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && digit(rest[1]) &&
         digit(rest[2]) && rest[3] == ':' && digit(rest[4]) && digit(rest[5]);
}

/// `count` months later; a day that month does not have becomes its last.
WallTime plus_months(WallTime time, std::int64_t count) {
  const auto day = std::chrono::floor<days>(time);
  auto date = std::chrono::year_month_day(day) + std::chrono::months(count);
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  return WallTime(std::chrono::sys_days(date).time_since_epoch() + (time - day));
}

/// @param text  "7d"; `sign` says which way
std::optional<WallTime> shifted(std::string_view text, int sign, WallTime now) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0 || count > kMostUnits ||
      end + 1 != text.data() + text.size())
    return std::nullopt;
  count *= sign;
  constexpr std::int64_t kMostDays = 3'650'000;  // what a year of five digits would need
  const auto exact = [&](auto unit) -> std::optional<WallTime> {
    if (unit * std::abs(count) > days(kMostDays)) return std::nullopt;
    return now + std::chrono::duration_cast<milliseconds>(unit * count);
  };
  switch (*end) {
    case 's':
      return exact(seconds(1));
    case 'm':
      return exact(minutes(1));
    case 'h':
      return exact(hours(1));
    case 'd':
      return exact(days(1));
    case 'w':
      return exact(days(7));
    case 'M':
      return std::abs(count) > 12'000 ? std::nullopt : std::optional(plus_months(now, count));
    case 'y':
      return std::abs(count) > 1'000 ? std::nullopt : std::optional(plus_months(now, count * 12));
    default:
      return std::nullopt;
  }
}

std::string rfc3339(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const auto rest = std::chrono::duration_cast<milliseconds>(time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     rest / 3'600'000, rest / 60'000 % 60, rest / 1'000 % 60, rest % 1'000);
}

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_uuid(std::string_view text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
         text[23] == '-' && is_hexadecimal(text.substr(0, 8)) &&
         is_hexadecimal(text.substr(9, 4)) && is_hexadecimal(text.substr(14, 4)) &&
         is_hexadecimal(text.substr(19, 4)) && is_hexadecimal(text.substr(24));
}

/// An array literal: every element in quotes.
std::string list_text(const std::vector<std::string>& items) {
  std::string out = "{";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (const char c : item) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

/// @returns nothing if `text` is not of this type
std::optional<std::string> one(Type type, std::string_view text, WallTime now) {
  const auto if_true = [&](bool right) {
    return right ? std::optional<std::string>(text) : std::nullopt;
  };
  switch (type) {
    case Type::moment:
      return moment_text(text, now);
    case Type::integer:
      return if_true(config::parse_integer(text).has_value());
    case Type::number: {
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      return if_true(error == std::errc() && end == text.data() + text.size());
    }
    case Type::boolean:
      return if_true(text == "true" || text == "false");
    case Type::uuid:
      return if_true(is_uuid(text));
    case Type::duration:
      if (const auto duration = config::parse_duration(text))
        return fmt::format("{} milliseconds", duration->count());
      return std::nullopt;
    case Type::text:
    case Type::text_list:
      return std::string(text);
  }
  return std::nullopt;
}

std::string_view form_of(Type type) {
  switch (type) {
    case Type::moment:
      return "a moment: now, now-7d, 7d (ago), 2026-01-31, 2026-01-31T12:00:00Z";
    case Type::integer:
      return "a whole number";
    case Type::number:
      return "a number";
    case Type::boolean:
      return "true or false";
    case Type::uuid:
      return "a UUID";
    case Type::duration:
      return "a duration: 30s, 15m, 2h, 1d";
    case Type::text:
    case Type::text_list:
      return "text in UTF-8";
  }
  return "";
}

}  // namespace

std::optional<std::string> moment_text(std::string_view text, WallTime now) {
  if (text == "now") return rfc3339(now);
  if (is_date_time(text)) return std::string(text);
  if (text.size() >= 11) {  // a shorter number is more likely a mistake than a day in January 1970
    if (const auto since_1970 = config::parse_integer(text);
        since_1970 && *since_1970 > 0 && *since_1970 < 253'402'300'800'000)  // the year 10000
      return rfc3339(WallTime(milliseconds(*since_1970)));
  }
  int sign = -1;
  if (text.starts_with("now+") || text.starts_with("now-")) {
    sign = text[3] == '+' ? 1 : -1;
    text.remove_prefix(4);
  }
  const auto time = shifted(text, sign, now);
  return time ? std::optional(rfc3339(*time)) : std::nullopt;
}

Result<std::string> value_text(const QueryParameter& parameter,
                               const std::vector<std::string>& given, WallTime now) {
  const auto wrong = [&](const std::string& what) {
    return Error{Fault::reject, fmt::format("{}: {}", parameter.name, what)};
  };
  if (parameter.type != Type::text_list && given.size() != 1)
    return wrong(fmt::format("takes one value, {} were given", given.size()));
  std::vector<std::string> texts;
  for (const auto& text : given) {
    auto made = !config::is_utf8(text) || text.find('\0') != std::string::npos
                    ? std::nullopt
                    : one(parameter.type, text, now);
    if (!made)
      return wrong(fmt::format("{} is not {}", config::shown(text), form_of(parameter.type)));
    texts.push_back(std::move(*made));
  }
  return parameter.type == Type::text_list ? list_text(texts) : texts.front();
}

}  // namespace cdviz::queries
