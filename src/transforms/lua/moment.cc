#include "transforms/lua/moment.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "cdevents/date_time.h"
#include "cdevents/lenient_time.h"

namespace cdviz::transforms::lua {
namespace {

using std::chrono::days;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::size_t kTextBytes = 128;  ///< longer ones are no moments

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_all_digits(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return true;
}

std::int64_t number_of(std::string_view digits) {
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

/// @param fraction  of a second, below one
std::optional<std::string> text_of(std::int64_t since_epoch, nanoseconds fraction) {
  constexpr std::int64_t kYear1 = -62'135'596'800;
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (since_epoch < kYear1 || since_epoch >= kYear10000) return std::nullopt;
  const std::chrono::sys_seconds moment{seconds{since_epoch}};
  const auto day = std::chrono::floor<days>(moment);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{moment - day};
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (fraction.count() > 0) {
    std::string digits = fmt::format("{:09}", fraction.count());
    while (digits.size() > 3 && digits.ends_with("000")) digits.resize(digits.size() - 3);
    out += "." + digits;
  }
  return out + "Z";
}

std::optional<unsigned> month_of(std::string_view word) {
  if (word.size() < 3) return std::nullopt;
  std::string head(word.substr(0, 3));
  for (char& c : head) c = static_cast<char>(c | 0x20);
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (kMonths.at(i) == head) return i + 1;
  }
  return std::nullopt;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto begin = text.find_first_not_of(" ,");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" ,"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

/// "+0100", "+01:00", "UTC", "GMT", "Z" as RFC 3339 writes it.
std::optional<std::string> offset_of(std::string_view zone) {
  if (zone == "UTC" || zone == "GMT" || zone == "Z" || zone == "UT") return "Z";
  if (zone.size() < 5 || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
  std::string digits;
  for (const char c : zone.substr(1)) {
    if (c != ':') digits += c;
  }
  if (digits.size() != 4 || !is_all_digits(digits)) return std::nullopt;
  return fmt::format("{}{}:{}", zone[0], digits.substr(0, 2), digits.substr(2));
}

/// RFC 2822 and asctime: a word for the month.
std::optional<std::string> with_month_name(std::string_view text) {
  std::string day, year, clock, offset = "Z";
  std::optional<unsigned> month;
  for (const auto word : words_of(text)) {
    if (word.find(':') != std::string_view::npos && is_digit(word[0])) {
      clock = word;
      if (clock.size() == 5) clock += ":00";
    } else if (is_all_digits(word) && word.size() == 4) {
      year = word;
    } else if (is_all_digits(word) && word.size() <= 2) {
      day = word;
    } else if (const auto found = offset_of(word)) {
      offset = *found;
    } else if (const auto name = month_of(word); name && !month) {
      month = name;
    } else if (word.size() > 9 || is_digit(word[0])) {
      return std::nullopt;  // a weekday is shorter
    }
  }
  if (!month || day.empty() || year.empty() || clock.empty()) return std::nullopt;
  auto out = fmt::format("{}-{:02}-{:0>2}T{}{}", year, *month, day, clock, offset);
  if (!cdevents::is_date_time(out)) return std::nullopt;
  return out;
}

std::optional<std::string> of_digits(std::string_view text) {
  const auto dot = text.find('.');
  const auto whole = text.substr(0, dot);
  if (!is_all_digits(whole) || whole.size() > 19) return std::nullopt;
  if (dot == std::string_view::npos) return moment_of_epoch(number_of(whole));
  std::string fraction(text.substr(dot + 1));
  if (!is_all_digits(fraction) || whole.size() > 11) return std::nullopt;
  fraction.resize(9, '0');
  return text_of(number_of(whole), nanoseconds{number_of(fraction)});
}

}  // namespace

std::optional<std::string> moment_of(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.empty() || text.size() > kTextBytes) return std::nullopt;
  if (cdevents::is_date_time(text)) return std::string(text);
  if (auto mended = cdevents::mended_time(text)) return mended;
  if (auto number = of_digits(text)) return number;
  if (text.size() == 10 && text[4] == '-') {
    auto midnight = std::string(text) + "T00:00:00Z";
    if (cdevents::is_date_time(midnight)) return midnight;
  }
  for (const std::string_view zone : {" UTC", " GMT", " Z", "UTC"}) {
    if (!text.ends_with(zone)) continue;
    const std::string plain = std::string(text.substr(0, text.size() - zone.size())) + "Z";
    if (cdevents::is_date_time(plain)) return plain;
    if (auto mended = cdevents::mended_time(plain)) return mended;
  }
  return with_month_name(text);
}

std::optional<std::string> moment_of_epoch(std::int64_t number) {
  const auto size = number < 0 ? -(number + 1) : number;
  std::int64_t per_second = 1;
  if (size >= 100'000'000'000'000'000) {
    per_second = 1'000'000'000;
  } else if (size >= 100'000'000'000'000) {
    per_second = 1'000'000;
  } else if (size >= 100'000'000'000) {
    per_second = 1'000;
  }
  std::int64_t whole = number / per_second;
  std::int64_t rest = number % per_second;
  if (rest < 0) {
    rest += per_second;
    --whole;
  }
  return text_of(whole, nanoseconds{rest * (1'000'000'000 / per_second)});
}

std::optional<std::string> moment_of_epoch(double seconds) {
  if (!std::isfinite(seconds) || std::abs(seconds) > 1e18) return std::nullopt;
  if (std::abs(seconds) >= 1e11) return moment_of_epoch(static_cast<std::int64_t>(seconds));
  const double whole = std::floor(seconds);
  // A double holds no more than microseconds of today.
  const auto micros = std::min<std::int64_t>(std::llround((seconds - whole) * 1e6), 999'999);
  return text_of(static_cast<std::int64_t>(whole), nanoseconds{micros * 1'000});
}

std::optional<std::int64_t> epoch_milliseconds(std::string_view text) {
  if (!cdevents::is_date_time(text)) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) {
    return number_of(text.substr(at, size));
  };
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(part(0, 4))},
                                         std::chrono::month{static_cast<unsigned>(part(5, 2))},
                                         std::chrono::day{static_cast<unsigned>(part(8, 2))}};
  std::int64_t total = std::chrono::sys_days{date}.time_since_epoch().count() * 86'400 +
                       part(11, 2) * 3'600 + part(14, 2) * 60 + part(17, 2);
  std::size_t at = 19;
  std::string fraction;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at) fraction += text[at];
  }
  fraction.resize(3, '0');
  if (text[at] == '+' || text[at] == '-') {
    const std::int64_t offset = part(at + 1, 2) * 3'600 + part(at + 4, 2) * 60;
    total += text[at] == '+' ? -offset : offset;
  }
  return total * 1'000 + number_of(fraction);
}

}  // namespace cdviz::transforms::lua
