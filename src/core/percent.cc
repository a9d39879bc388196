#include "core/percent.h"

namespace cdviz {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// @returns the byte of the escape that `text` begins with; -1 when it begins with none
int escape_at(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hex_digit(text[1]);
  const int low = hex_digit(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/// @param bad  set when there is a '%' that begins no escape
std::string decoded(std::string_view text, bool& bad) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = escape_at(text.substr(i));
    if (byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      bad = bad || text[i] == '%';
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string percent_encoded(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  append_percent_encoded(out, text, kept);
  return out;
}

void append_percent_encoded(std::string& out, std::string_view text, std::string_view kept) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
        kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    }
  }
}

std::optional<std::string> percent_decoded(std::string_view text) {
  bool bad = false;
  std::string out = decoded(text, bad);
  if (bad) return std::nullopt;
  return out;
}

std::string percent_decoded_where_encoded(std::string_view text) {
  bool bad = false;
  return decoded(text, bad);
}

}  // namespace cdviz
