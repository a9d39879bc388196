#include "cdevents/date_time.h"

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
  /// @returns false when there is no digit at all
  bool take_digits() {
    bool any = false;
    while (!rest_.empty() && is_digit(rest_.front())) {
      rest_.remove_prefix(1);
      any = true;
    }
    return any;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

struct Clock {
  int hour, minute, second;
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

bool take_date(Reader& reader) {
  const auto year = reader.take_number(4);
  if (!year || !reader.take('-')) return false;
  const auto month = reader.take_number(2);
  if (!month || *month < 1 || *month > 12 || !reader.take('-')) return false;
  const auto day = reader.take_number(2);
  return day && *day >= 1 && *day <= days_in_month(*year, *month);
}

std::optional<Clock> take_clock(Reader& reader) {
  const auto hour = reader.take_number(2);
  if (!hour || *hour > 23 || !reader.take(':')) return std::nullopt;
  const auto minute = reader.take_number(2);
  if (!minute || *minute > 59 || !reader.take(':')) return std::nullopt;
  const auto second = reader.take_number(2);
  if (!second || *second > 60) return std::nullopt;
  if (reader.take('.') && !reader.take_digits()) return std::nullopt;
  return Clock{*hour, *minute, *second};
}

}  // namespace

bool is_date_time(std::string_view text) {
  Reader reader(text);
  if (!take_date(reader) || reader.take_one_of("Tt") == '\0') return false;
  const auto clock = take_clock(reader);
  if (!clock) return false;
  const auto offset = take_offset(reader);
  if (!offset || !reader.at_end()) return false;
  if (clock->second < 60) return true;
  constexpr int kDay = 24 * 60;
  const int utc = ((clock->hour * 60 + clock->minute - *offset) % kDay + kDay) % kDay;
  return utc == kDay - 1;  // leap seconds are at 23:59:60 UTC
}

}  // namespace cdviz::cdevents
