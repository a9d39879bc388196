#include "net/request_head.h"

#include <algorithm>
#include <array>

namespace cdviz::net {
namespace {

/// Of the request line: the target, and room for the method and the version.
constexpr std::size_t kRequestLineBytesMax = kTargetBytesMax + 256;

/// What each byte may be part of. A table, since every byte of every head is looked up.
struct CharClass {
  bool token = false;
  bool control = false;
  bool target = false;
};

constexpr std::array<CharClass, 256> kClasses = [] {
  std::array<CharClass, 256> classes{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    classes[byte] = {
        .token = is_alphanumeric ||
                 std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos,
        .control = (byte < 0x20 && c != '\t') || byte == 0x7f,
        .target = byte > 0x20 && byte < 0x7f &&
                  std::string_view("#\"<>\\").find(c) == std::string_view::npos,
    };
  }
  return classes;
}();

const CharClass& class_of(char c) { return kClasses[static_cast<unsigned char>(c)]; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<Refusal> check_version(std::string_view version) {
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return std::nullopt;
  const bool is_other = version.size() == 8 && version.starts_with("HTTP/") &&
                        is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  if (is_other) return Refusal{505, "This server speaks HTTP/1.1 and HTTP/1.0."};
  return Refusal{400, "The request line does not end with an HTTP version."};
}

std::optional<Refusal> check_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return Refusal{400, "The request line is not a method, a target and a version."};
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(line.substr(0, first))) return Refusal{400, "The method is not a token."};
  if (target.size() > kTargetBytesMax) return Refusal{414, "The target is longer than 8192 bytes."};
  const bool visible =
      std::all_of(target.begin(), target.end(), [](char c) { return class_of(c).target; });
  if (target.empty() || !visible)
    return Refusal{400, "The target holds a character that must be percent-encoded."};
  return check_version(line.substr(last + 1));
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return class_of(c).token; });
}

bool is_control(char c) { return class_of(c).control; }

std::optional<Refusal> check_field_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t')
    return Refusal{400, "A header field is folded over several lines."};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return Refusal{400, "A header line has no colon."};
  if (!is_token(line.substr(0, colon)))
    return Refusal{400, "The name of a header field is not a token."};
  if (std::any_of(line.begin(), line.end(), [](char c) { return class_of(c).control; }))
    return Refusal{400, "A header field holds a control character."};
  return std::nullopt;
}

HeadEnd find_head_end(std::string_view bytes, std::size_t bytes_max, std::size_t& line_start) {
  if (!bytes.empty() && !class_of(bytes.front()).token) {
    if (bytes.front() == '\x16')
      return {.refusal = Refusal{400, "This port speaks plain HTTP, not TLS: use http://."}};
    return {.refusal = Refusal{400, "The request does not start with a method."}};
  }
  const HeadEnd too_long{.refusal = Refusal{414, "The target is longer than 8192 bytes."}};
  const std::string_view searched = bytes.substr(0, bytes_max);
  for (;;) {
    const auto newline = searched.find('\n', line_start);
    if (newline == std::string_view::npos) break;
    if (newline == line_start || searched[newline - 1] != '\r')
      return {.refusal = Refusal{400, "A line of the head does not end with CRLF."}};
    if (line_start == 0 && newline > kRequestLineBytesMax) return too_long;
    const bool is_empty = newline == line_start + 1;
    line_start = newline + 1;
    if (is_empty) return {.size = newline + 1};
  }
  if (line_start == 0 && bytes.size() > kRequestLineBytesMax) return too_long;
  if (bytes.size() >= bytes_max)
    return {.refusal = Refusal{431, "The head of the request is longer than this server takes."}};
  return {};
}

std::optional<Refusal> check_head(std::string_view head) {
  std::size_t lines = 0;
  while (head.size() > 2) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const auto refusal = lines == 0 ? check_request_line(line) : check_field_line(line);
    if (refusal) return refusal;
    if (lines > kFieldsMax) return Refusal{431, "The request has more than 128 header fields."};
    head.remove_prefix(line.size() + 2);
    ++lines;
  }
  return std::nullopt;
}

}  // namespace cdviz::net
