#include "cdevents/content_id.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <openssl/sha.h>

#include "core/json_spans.h"

namespace cdviz::cdevents {
namespace {

/// True when `token`, a JSON number that no double holds, is too large, not too small.
bool is_huge(std::string_view token) {
  const std::size_t mantissa_end = std::min(token.find_first_of("eE"), token.size());
  const std::string_view mantissa = token.substr(0, mantissa_end);
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  std::int64_t exponent = point - static_cast<std::int64_t>(first);
  std::string_view rest = token.substr(std::min(mantissa_end + 1, token.size()));
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  std::int64_t written = 0;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), written);
  // Larger than any text is long.
  if (parsed.ec == std::errc::result_out_of_range) written = std::int64_t{1} << 40U;
  exponent += negative ? -written : written;
  return exponent > 0;
}

/// A double as serde_json prints it.
void append_double(std::string& out, double value) {
  if (std::signbit(value)) out += '-';
  if (value == 0) {
    out += "0.0";
    return;
  }
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  std::string digits(1, text.front());
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);

  const int whole = exponent + 1;  // digits before the point, if it is written without exponent
  const int count = static_cast<int>(digits.size());
  const auto split = static_cast<std::size_t>(whole);
  if (count <= whole && whole <= 16) {
    out += digits + std::string(split - digits.size(), '0') + ".0";
  } else if (0 < whole && whole <= 16) {
    out += digits.substr(0, split) + "." + digits.substr(split);
  } else if (-5 < whole && whole <= 0) {
    out += "0." + std::string(static_cast<std::size_t>(-whole), '0') + digits;
  } else {
    out += digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    out += "e" + std::to_string(exponent);
  }
}

template <class Integer>
bool holds(std::string_view token) {
  Integer value{};
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  return error == std::errc{} && end == token.data() + token.size();
}

void append_number(std::string& out, std::string_view token) {
  const bool negative = token.starts_with('-');
  if (token != "-0" && (negative ? holds<std::int64_t>(token) : holds<std::uint64_t>(token))) {
    out += token;
    return;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error == std::errc::result_out_of_range) {
    if (is_huge(token)) {
      out += token;
      return;
    }
    value = negative ? -0.0 : 0.0;
  }
  if (std::isinf(value)) {
    out += token;
  } else {
    append_double(out, value);
  }
}

void append_string(std::string& out, std::string_view characters) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kShort = "\b\t\n\f\r\"\\";
  constexpr std::string_view kLetters = "btnfr\"\\";
  out += '"';
  for (const char c : characters) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') {
      out += c;
    } else if (const auto found = kShort.find(c); found != std::string_view::npos) {
      out += '\\';
      out += kLetters[found];
    } else {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    }
  }
  out += '"';
}

/// @param left_out  what is not printed
void append_value(std::string& out, json::Value value, const std::optional<json::Value>& left_out) {
  switch (value.kind()) {
    case json::Kind::string:
      return append_string(out, value.string());
    case json::Kind::number:
      return append_number(out, value.text());
    case json::Kind::array: {
      out += '[';
      bool first = true;
      for (const json::Value element : value.children()) {
        if (!first) out += ',';
        first = false;
        append_value(out, element, left_out);
      }
      out += ']';
      return;
    }
    case json::Kind::object: {
      std::vector<std::pair<std::string, json::Value>> members;
      for (const json::Value member : value.children()) members.emplace_back(member.name(), member);
      std::stable_sort(members.begin(), members.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      out += '{';
      bool first = true;
      for (std::size_t i = 0; i < members.size(); ++i) {
        const bool last_of_name =
            i + 1 == members.size() || members[i + 1].first != members[i].first;
        if (!last_of_name || members[i].second == left_out) continue;
        if (!first) out += ',';
        first = false;
        append_string(out, members[i].first);
        out += ':';
        append_value(out, members[i].second, left_out);
      }
      out += '}';
      return;
    }
    default:
      out += value.text();
  }
}

/// RFC 4648 §6, in lower case, without padding.
std::string base32(std::string_view bytes) {
  constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
  std::string out;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = (bits << 8U | static_cast<unsigned char>(c)) & 0xfffU;
    for (count += 8; count >= 5; count -= 5) out += kDigits[bits >> (count - 5) & 31U];
  }
  if (count > 0) out += kDigits[bits << (5 - count) & 31U];
  return out;
}

}  // namespace

std::string canonical_json(std::string_view json) {
  const auto tree = json::Tree::read(json);
  if (!tree) return {};
  std::optional<json::Value> id;
  if (const auto context = tree->root().find("context")) id = context->find("id");
  std::string out;
  out.reserve(json.size());
  append_value(out, tree->root(), id);
  return out;
}

std::string content_id(std::string_view json) {
  const std::string canonical = canonical_json(json);
  if (canonical.empty()) return {};
  // Version 1, codec raw, multihash: SHA-256 of 32 bytes.
  std::string cid = "\x01\x55\x12\x20";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(), digest.data());
  cid.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  return "b" + base32(cid);
}

}  // namespace cdviz::cdevents
