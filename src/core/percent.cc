#include "core/percent.h"

#include "core/binary_text.h"

namespace cdviz {
namespace {

/// @returns the byte of the escape that `text` begins with, if it begins with one
std::optional<std::string> escape_at(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return std::nullopt;
  return decode_text(BinaryText::hex, text.substr(1, 2));
}

/// @param bad  set when there is a '%' that begins no escape
std::string decoded(std::string_view text, bool& bad) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const auto byte = escape_at(text.substr(i))) {
      out += *byte;
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
