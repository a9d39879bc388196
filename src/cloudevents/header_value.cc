#include "cloudevents/header_value.h"

#include <simdjson.h>

#include "core/percent.h"

namespace cdviz::cloudevents {
namespace {

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

}  // namespace

std::string encode_header_value(std::string_view text) {
  // What can be seen in ASCII, but '"' and '%'.
  constexpr std::string_view kKept = "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~";
  return percent_encoded(text, kKept);
}

std::optional<std::string> decode_header_value(std::string_view value) {
  std::string latin1;
  if (!simdjson::validate_utf8(value.data(), value.size())) value = latin1 = from_latin1(value);
  const auto inside = unquoted(value);
  std::string text = percent_decoded_where_encoded(inside ? *inside : value);
  if (!simdjson::validate_utf8(text.data(), text.size())) return std::nullopt;
  return text;
}

}  // namespace cdviz::cloudevents
