#include "cdevents/date_time.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace cdviz::cdevents {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads a text from left to right; every take… fails by returning nothing or false, and then
/// nothing is taken.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  /// A number of exactly `digits` digits.
  std::optional<int> take_number(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool take(char c) { return take_one_of({&c, 1}) != '\0'; }
  /// The character taken, or NUL.
  char take_one_of(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) return '\0';
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  /// As many as there are; empty when there is none.
  std::string_view take_digits() {
    const auto end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    const std::string_view digits = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return digits;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

struct Clock {
  int hour, minute, second;
  std::string_view fraction;  ///< digits, without zeros at the end
};

struct Moment {
  std::chrono::sys_time<std::chrono::minutes> minute;  ///< UTC
  int second;                                          ///< 60 in a leap second
  std::string_view fraction;
  bool operator==(const Moment&) const = default;
};

/// Minutes east of UTC.
std::optional<int> take_offset(Reader& reader) {
  if (reader.take_one_of("Zz") != '\0') return 0;
  const char sign = reader.take_one_of("+-");
  if (sign == '\0') return std::nullopt;
  const auto hours = reader.take_number(2);
  if (!hours || *hours > 23 || !reader.take(':')) return std::nullopt;
  const auto minutes = reader.take_number(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return sign == '-' ? -offset : offset;
}

std::optional<std::chrono::year_month_day> take_date(Reader& reader) {
  const auto year = reader.take_number(4);
  if (!year || !reader.take('-')) return std::nullopt;
  const auto month = reader.take_number(2);
  if (!month || !reader.take('-')) return std::nullopt;
  const auto day = reader.take_number(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return date;
}

std::optional<Clock> take_clock(Reader& reader) {
  const auto hour = reader.take_number(2);
  if (!hour || *hour > 23 || !reader.take(':')) return std::nullopt;
  const auto minute = reader.take_number(2);
  if (!minute || *minute > 59 || !reader.take(':')) return std::nullopt;
  const auto second = reader.take_number(2);
  if (!second || *second > 60) return std::nullopt;
  std::string_view fraction;
  if (reader.take('.')) {
    fraction = reader.take_digits();
    if (fraction.empty()) return std::nullopt;
    fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
  }
  return Clock{*hour, *minute, *second, fraction};
}

std::optional<Moment> read(std::string_view text) {
  Reader reader(text);
  const auto date = take_date(reader);
  if (!date || reader.take_one_of("Tt") == '\0') return std::nullopt;
  const auto clock = take_clock(reader);
  if (!clock) return std::nullopt;
  const auto offset = take_offset(reader);
  if (!offset || !reader.at_end()) return std::nullopt;
  const auto minute = std::chrono::sys_days(*date) + std::chrono::hours(clock->hour) +
                      std::chrono::minutes(clock->minute - *offset);
  const auto next = minute + std::chrono::minutes(1);
  const bool ends_a_day = next == std::chrono::floor<std::chrono::days>(next);
  if (clock->second == 60 && !ends_a_day) return std::nullopt;  // leap seconds: 23:59:60 UTC
  return Moment{minute, clock->second, clock->fraction};
}

}  // namespace

bool is_date_time(std::string_view text) { return read(text).has_value(); }

bool is_same_moment(std::string_view a, std::string_view b) {
  const auto first = read(a);
  return first && first == read(b);
}

}  // namespace cdviz::cdevents
