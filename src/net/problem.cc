// Problem documents (RFC 9457).
#include <cstdint>
#include <string>

#include "net/routes.h"

namespace cdviz::net {
namespace {

/// Length of the UTF-8 sequence at the start of `text`; 0 when it is not well-formed (RFC 3629).
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  const std::size_t length = first < 0x80                     ? 1U
                             : first >= 0xC2 && first <= 0xDF ? 2U
                             : first >= 0xE0 && first <= 0xEF ? 3U
                             : first >= 0xF0 && first <= 0xF4 ? 4U
                                                              : 0U;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0U) != 0x80U) return 0;
  }
  if (first == 0xE0 && at(1) < 0xA0) return 0;  // longer than needed
  if (first == 0xED && at(1) > 0x9F) return 0;  // a surrogate
  if (first == 0xF0 && at(1) < 0x90) return 0;
  if (first == 0xF4 && at(1) > 0x8F) return 0;  // above U+10FFFF
  return length;
}

/// Appends `text` as a JSON string. What is not UTF-8 becomes U+FFFD: the text may quote what a
/// client sent.
void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else if (length > 1) {
      out += text.substr(0, length);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4U];
      out += kHex[static_cast<unsigned char>(c) & 15U];
    } else {
      out += c;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

}  // namespace

Response problem(int status, std::string_view title, std::string_view detail,
                 std::string_view extension) {
  Response response{.status = status, .content_type = "application/problem+json"};
  std::string& body = response.body;
  body = "{\"title\":";
  append_json_string(body, title);
  body += ",\"status\":" + std::to_string(status);
  if (!detail.empty()) {
    body += ",\"detail\":";
    append_json_string(body, detail);
  }
  if (!extension.empty()) {
    body += ',';
    body += extension;
  }
  body += "}\n";
  return response;
}

}  // namespace cdviz::net
