#include "transforms/lua/parsed_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "cdevents/json_text.h"
#include "core/limits.h"

namespace cdviz::transforms::lua {
namespace {

/// Documents above this size are counted before they are parsed, and buffers that have grown for
/// one are not kept.
constexpr std::size_t kLargeDocument = 512 * 1024;
constexpr std::size_t kFirstCapacity = 32 * 1024;

Problem explain(simdjson::error_code error) {
  if (error == simdjson::DEPTH_ERROR) {
    return {"", "depth", fmt::format("nested deeper than {} levels", limits::kJsonDepth)};
  }
  if (error == simdjson::UTF8_ERROR) return {"", "utf8", "is not valid UTF-8"};
  return {"", "json", fmt::format("is not JSON: {}", simdjson::error_message(error))};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A decimal number without its sign: 0.DIGITS times 10 to the power of `exponent`; no zeros at
/// either end of the digits.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
  bool operator==(const Decimal&) const = default;
};

Decimal decimal_of(std::string_view text) {
  Decimal out;
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') {
    out.negative = true;
    ++at;
  }
  std::int64_t point = 0;
  bool fraction = false;
  for (; at < text.size() && (is_digit(text[at]) || text[at] == '.'); ++at) {
    if (text[at] == '.') {
      fraction = true;
    } else {
      out.digits += text[at];
      if (!fraction) ++point;
    }
  }
  std::int64_t exponent = 0;
  if (at < text.size()) {  // 'e', then a sign or a digit
    ++at;
    if (at < text.size() && text[at] == '+') ++at;
    std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    exponent = std::clamp<std::int64_t>(exponent, -1'000'000'000, 1'000'000'000);
  }
  const auto first = out.digits.find_first_not_of('0');
  if (first == std::string::npos) return {out.negative, {}, 0};
  out.exponent = point - static_cast<std::int64_t>(first) + exponent;
  out.digits.erase(0, first);
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  return out;
}

}  // namespace

std::optional<Problem> ParsedJson::parse(std::string_view text) {
  numbers_found_ = false;
  has_numbers_ = true;
  text_ = text;
  const bool is_large = text.size() > kLargeDocument;
  if (is_large && cdevents::count_values(text) > limits::kJsonValues) {
    return Problem{"", "too_many_values",
                   fmt::format("has more than {} values", limits::kJsonValues)};
  }
  if (parser_.capacity() == 0 || (parser_.capacity() > 4 * kLargeDocument && !is_large)) {
    parser_ = simdjson::dom::parser();
    // The depth stays when the parser grows.
    if (parser_.allocate(kFirstCapacity, limits::kJsonDepth) != simdjson::SUCCESS) {
      throw std::bad_alloc();
    }
  }
  auto error = parser_.parse(text.data(), text.size()).error();
  if (error == simdjson::NUMBER_ERROR) {
    // Numbers beyond 64 bits or a double's range are legal; their digits are taken from the text.
    has_numbers_ = false;
    error = parser_.parse(cdevents::without_numbers(text)).error();
  }
  if (error != simdjson::SUCCESS) return explain(error);
  tape_ = parser_.doc.tape.get();
  strings_ = parser_.doc.string_buf.get();
  return std::nullopt;
}

ParsedJson::Kind ParsedJson::kind(Index at) const {
  switch (tag(at)) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return Kind::string;
    case 't':
    case 'f':
      return Kind::boolean;
    case 'l':
      return has_numbers_ ? Kind::integer : Kind::number;
    case 'u':
    case 'd':
      return Kind::number;
    default:
      return Kind::null;
  }
}

std::int64_t ParsedJson::integer(Index at) const {
  return static_cast<std::int64_t>(tape_[at + 1]);
}

std::string_view ParsedJson::string(Index at) const {
  const std::uint8_t* bytes = strings_ + payload(at);
  std::uint32_t size = 0;
  std::memcpy(&size, bytes, sizeof size);
  return {reinterpret_cast<const char*>(bytes + sizeof size), size};
}

ParsedJson::Index ParsedJson::after(Index at) const {
  switch (tag(at)) {
    case '{':
    case '[':
      return static_cast<Index>(tape_[at]);  // the low 32 bits
    case 'l':
    case 'u':
    case 'd':
      return at + 2;
    default:
      return at + 1;
  }
}

std::size_t ParsedJson::count(Index container) const {
  constexpr std::size_t kSaturated = 0xFF'FFFF;
  const std::size_t count = payload(container) >> 32U;
  if (count < kSaturated) return count;
  std::size_t values = 0;
  for (Index at = first(container); at < end(container); at = after(at)) ++values;
  return tag(container) == '{' ? values / 2 : values;
}

std::optional<ParsedJson::Index> ParsedJson::member(Index object, std::string_view name,
                                                    std::size_t& steps) const {
  std::optional<Index> found;
  const Index last = end(object);
  for (Index at = first(object); at < last;) {
    ++steps;
    const Index value = at + 1;
    if (string(at) == name) found = value;
    at = after(value);
  }
  return found;
}

std::string_view ParsedJson::number_text(Index at) {
  if (!numbers_found_) find_numbers();
  const auto found =
      std::lower_bound(numbers_.begin(), numbers_.end(), at,
                       [](const Number& one, Index index) { return one.at < index; });
  return found != numbers_.end() && found->at == at ? found->text : std::string_view{"0"};
}

double ParsedJson::number(Index at) {
  if (has_numbers_ && tag(at) == 'd') {
    double value = 0;
    std::memcpy(&value, &tape_[at + 1], sizeof value);
    return value;
  }
  const auto text = number_text(at);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The n-th number of the text is the n-th on the tape.
void ParsedJson::find_numbers() {
  numbers_found_ = true;
  numbers_.clear();
  const auto last = static_cast<Index>(tape_[0]);  // the root's word: behind everything
  Index at = kRoot;
  const auto next_on_tape = [&]() -> std::optional<Index> {
    while (at < last) {
      const Index here = at;
      const char what = tag(here);
      const bool is_number = what == 'l' || what == 'u' || what == 'd';
      at += is_number ? 2 : 1;
      if (is_number) return here;
    }
    return std::nullopt;
  };
  for (std::size_t i = 0; i < text_.size();) {
    const char c = text_[i];
    if (c == '"') {
      for (++i; i < text_.size() && text_[i] != '"'; ++i) {
        if (text_[i] == '\\') ++i;
      }
      ++i;
    } else if (c == '-' || is_digit(c)) {
      const auto stop = std::min(text_.find_first_of(",]} \t\r\n", i), text_.size());
      const auto place = next_on_tape();
      if (!place) return;
      numbers_.push_back({*place, text_.substr(i, stop - i)});
      i = stop;
    } else {
      ++i;
    }
  }
}

std::string ParsedJson::pointer(Index wanted) const {
  std::string out;
  Index container = kRoot;
  while (container != wanted && is_container(container)) {
    const bool is_object = tag(container) == '{';
    std::size_t number = 0;
    Index at = first(container);
    const Index last = end(container);
    Index value = at;
    for (; at < last; at = after(value), ++number) {
      value = is_object ? at + 1 : at;
      if (wanted < after(value)) break;
    }
    if (at >= last) break;
    out += '/';
    if (is_object) {
      for (const char c : string(at)) {
        if (c == '~') {
          out += "~0";
        } else if (c == '/') {
          out += "~1";
        } else {
          out += c;
        }
      }
    } else {
      out += std::to_string(number);
    }
    container = value;
  }
  return out;
}

bool is_same_decimal(double number, std::string_view text) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return decimal_of({buffer.data(), static_cast<std::size_t>(end - buffer.data())}) ==
         decimal_of(text);
}

}  // namespace cdviz::transforms::lua
