#include "cdevents/json_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace cdviz::cdevents {
namespace {

namespace dom = simdjson::dom;
using Type = dom::element_type;
__extension__ using Wide = unsigned __int128;

std::partial_ordering reversed(std::partial_ordering order) {
  if (std::is_lt(order)) return std::partial_ordering::greater;
  if (std::is_gt(order)) return std::partial_ordering::less;
  return order;
}

/// Of an integer, as sign and magnitude, with a double.
std::partial_ordering compare(bool negative, std::uint64_t magnitude, double other) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  if (negative) return reversed(compare(false, magnitude, -other));
  if (other < 0) return std::partial_ordering::greater;
  if (other >= kTwoTo64) return std::partial_ordering::less;
  const double whole = std::floor(other);
  const auto other_whole = static_cast<std::uint64_t>(whole);
  if (magnitude != other_whole) return magnitude <=> other_whole;
  return whole < other ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

struct Integer {
  bool negative;
  std::uint64_t magnitude;
};

Integer integer_of(const dom::element& value) {
  if (value.type() == Type::UINT64) return {false, value.get_uint64().value_unsafe()};
  const std::int64_t number = value.get_int64().value_unsafe();
  if (number >= 0) return {false, static_cast<std::uint64_t>(number)};
  return {true, ~static_cast<std::uint64_t>(number) + 1};
}

/// magnitude = digits · 10^exponent
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

Decimal decimal_of(const dom::element& value) {
  if (value.type() != Type::DOUBLE) return {integer_of(value).magnitude, 0};
  // The shortest digits that give the same double back, for example "1.25e-07".
  std::array<char, 32> text{};
  const double number = std::fabs(value.get_double().value_unsafe());
  const auto written =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific);
  const std::string_view all(text.data(), static_cast<std::size_t>(written.ptr - text.data()));
  const auto e = all.find('e');
  Decimal out;
  for (const char c : all.substr(0, e)) {
    if (c == '.') continue;
    out.digits = out.digits * 10 + static_cast<std::uint64_t>(c - '0');
  }
  const auto fraction = e < 2 ? 0 : static_cast<int>(e) - 2;  // behind "d."
  const auto exponent = all.substr(all[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), out.exponent);
  out.exponent -= fraction;
  return out;
}

/// a · b modulo m
std::uint64_t times(std::uint64_t a, std::uint64_t b, std::uint64_t m) {
  return static_cast<std::uint64_t>(Wide{a} * b % m);
}

std::uint64_t mix(std::uint64_t hash) {
  hash ^= hash >> 33U;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33U;
  return hash;
}

bool equal_objects(const dom::object& a, const dom::object& b, std::size_t& steps) {
  std::unordered_map<std::string_view, dom::element> left;
  for (const auto field : a) left.insert_or_assign(field.key, field.value);
  std::unordered_map<std::string_view, dom::element> right;
  for (const auto field : b) right.insert_or_assign(field.key, field.value);
  if (left.size() != right.size()) return false;
  return std::all_of(left.begin(), left.end(), [&](const auto& member) {
    const auto other = right.find(member.first);
    return other != right.end() && equal(member.second, other->second, steps);
  });
}

bool equal_arrays(const dom::array& a, const dom::array& b, std::size_t& steps) {
  auto other = b.begin();
  for (const auto entry : a) {
    if (!(other != b.end()) || !equal(entry, *other, steps)) return false;
    ++other;
  }
  return !(other != b.end());
}

}  // namespace

bool is_number(const dom::element& value) {
  const Type type = value.type();
  return type == Type::INT64 || type == Type::UINT64 || type == Type::DOUBLE;
}

bool is_integer(const dom::element& value) {
  if (value.type() != Type::DOUBLE) return is_number(value);
  const double number = value.get_double().value_unsafe();
  return std::floor(number) == number;
}

std::partial_ordering compare_numbers(const dom::element& a, const dom::element& b) {
  const bool a_is_double = a.type() == Type::DOUBLE;
  const bool b_is_double = b.type() == Type::DOUBLE;
  if (a_is_double && b_is_double) {
    return a.get_double().value_unsafe() <=> b.get_double().value_unsafe();
  }
  if (a_is_double) return reversed(compare_numbers(b, a));
  const Integer left = integer_of(a);
  if (b_is_double) return compare(left.negative, left.magnitude, b.get_double().value_unsafe());
  const Integer right = integer_of(b);
  if (left.negative != right.negative) {
    return left.negative ? std::partial_ordering::less : std::partial_ordering::greater;
  }
  const std::partial_ordering order = left.magnitude <=> right.magnitude;
  return left.negative ? reversed(order) : order;
}

bool is_multiple_of(const dom::element& value, const dom::element& factor) {
  const Decimal a = decimal_of(value);
  const Decimal b = decimal_of(factor);
  if (a.digits == 0) return true;
  int shift = a.exponent - b.exponent;
  if (shift >= 0) {
    // a.digits · 10^shift modulo b.digits, without the large number.
    std::uint64_t power = 1 % b.digits;
    for (; shift > 0; --shift) power = times(power, 10, b.digits);
    return times(a.digits % b.digits, power, b.digits) == 0;
  }
  // a.digits must be a multiple of b.digits · 10^-shift; a.digits has 20 digits at the most.
  Wide multiple = b.digits;
  for (; shift < 0; ++shift) {
    multiple *= 10;
    if (multiple > a.digits) return false;
  }
  return Wide{a.digits} % multiple == 0;
}

bool equal(const dom::element& a, const dom::element& b, std::size_t& steps) {
  ++steps;
  if (is_number(a)) {
    return is_number(b) && compare_numbers(a, b) == std::partial_ordering::equivalent;
  }
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case Type::STRING:
      return a.get_string().value_unsafe() == b.get_string().value_unsafe();
    case Type::BOOL:
      return a.get_bool().value_unsafe() == b.get_bool().value_unsafe();
    case Type::OBJECT:
      return equal_objects(a.get_object().value_unsafe(), b.get_object().value_unsafe(), steps);
    case Type::ARRAY:
      return equal_arrays(a.get_array().value_unsafe(), b.get_array().value_unsafe(), steps);
    default:
      return true;  // null
  }
}

std::uint64_t hash_of(const dom::element& value, std::size_t& steps) {
  ++steps;
  const std::hash<std::string_view> of_text;
  if (is_number(value)) {
    // Equal numbers are the same double, whatever their type.
    double number = value.get_double().value_unsafe() + 0.0;  // -0 is 0
    return mix(std::hash<double>{}(number));
  }
  switch (value.type()) {
    case Type::STRING:
      return of_text(value.get_string().value_unsafe());
    case Type::BOOL:
      return value.get_bool().value_unsafe() ? 3 : 5;
    case Type::ARRAY: {
      std::uint64_t hash = 7;
      const dom::array array = value.get_array().value_unsafe();
      for (const auto entry : array) {
        hash = mix(hash * 31 + hash_of(entry, steps));
      }
      return hash;
    }
    case Type::OBJECT: {
      std::unordered_map<std::string_view, std::uint64_t> members;
      const dom::object object = value.get_object().value_unsafe();
      for (const auto field : object) {
        members.insert_or_assign(field.key, hash_of(field.value, steps));
      }
      std::uint64_t hash = 11;  // of a sum: the order does not matter
      for (const auto& [name, member] : members) hash += mix(of_text(name) * 31 + member);
      return mix(hash);
    }
    default:
      return 13;  // null
  }
}

}  // namespace cdviz::cdevents
