#include "cloudevents/header_value.h"

#include <simdjson.h>

namespace cdviz::cloudevents {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Every byte as the character of that number: ISO 8859-1, which HTTP's fields once were.
std::string from_latin1(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0U | byte >> 6U);
      text += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return text;
}

/// The content of a quoted-string (RFC 9110 §5.6.4); nothing when `value` is not one as a whole.
std::optional<std::string> unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  value = value.substr(1, value.size() - 2);
  std::string text;
  text.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '"') return std::nullopt;
    if (value[i] == '\\' && ++i == value.size()) return std::nullopt;  // the last quote is escaped
    text += value[i];
  }
  return text;
}

std::string percent_decoded(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '%' && i + 2 < value.size()) {
      const int high = hex_digit(value[i + 1]);
      const int low = hex_digit(value[i + 2]);
      if (high >= 0 && low >= 0) {
        text += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    text += value[i];
  }
  return text;
}

}  // namespace

std::string encode_header_value(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string value;
  value.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && c != '"' && c != '%') {
      value += c;
    } else {
      value += '%';
      value += kHex[byte >> 4U];
      value += kHex[byte & 0xFU];
    }
  }
  return value;
}

std::optional<std::string> decode_header_value(std::string_view value) {
  std::string latin1;
  if (!simdjson::validate_utf8(value.data(), value.size())) value = latin1 = from_latin1(value);
  const auto inside = unquoted(value);
  std::string text = percent_decoded(inside ? *inside : value);
  if (!simdjson::validate_utf8(text.data(), text.size())) return std::nullopt;
  return text;
}

}  // namespace cdviz::cloudevents
