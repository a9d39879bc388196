#include "cdevents/uri_format.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cdviz::cdevents {
namespace {

/// The character sets of the grammar, as bits.
enum Class : std::uint8_t {
  kAlpha = 1,
  kDigit = 2,
  kHex = 4,
  kUnreserved = 8,
  kSubDelimiter = 16,
  kColon = 32,
  kAt = 64,
  kSlashOrQuestion = 128,
};

constexpr std::array<std::uint8_t, 256> classes() {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&](std::string_view characters, unsigned bits) {
    for (const char c : characters) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", kAlpha | kUnreserved);
  mark("0123456789", kDigit | kHex | kUnreserved);
  mark("abcdefABCDEF", kHex);
  mark("-._~", kUnreserved);
  mark("!$&'()*+,;=", kSubDelimiter);
  mark(":", kColon);
  mark("@", kAt);
  mark("/?", kSlashOrQuestion);
  return table;
}
constexpr auto kClasses = classes();

bool is(char c, unsigned bits) { return (kClasses[static_cast<unsigned char>(c)] & bits) != 0; }

bool all(std::string_view text, unsigned bits) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return is(c, bits); });
}

/// Characters of the sets, and percent-encoded octets.
bool all_or_encoded(std::string_view text, unsigned bits) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is(text[i], bits)) continue;
    if (text[i] != '%' || i + 2 >= text.size()) return false;
    if (!is(text[i + 1], kHex) || !is(text[i + 2], kHex)) return false;
    i += 2;
  }
  return true;
}

constexpr unsigned kNameSet = kUnreserved | kSubDelimiter;
constexpr unsigned kSegmentSet = kNameSet | kColon | kAt;

/// Takes the text before `separator` away from `rest`; all of it when there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return part;
}

bool is_ipv4(std::string_view text) {
  for (int i = 0; i < 4; ++i) {
    const bool last = i == 3;
    if (!last && text.find('.') == std::string_view::npos) return false;
    const std::string_view octet = last ? text : take_until(text, '.');
    if (octet.empty() || octet.size() > 3 || !all(octet, kDigit)) return false;
    if (octet.size() > 1 && octet.front() == '0') return false;
    if (octet.size() == 3 && octet > "255") return false;
  }
  return true;
}

/// Groups of 16 bits in one side of an IPv6 address; -1 when it is none.
/// @param last  this side ends the address: an IPv4 address may stand for its last two groups
int ipv6_groups(std::string_view side, bool last) {
  int groups = 0;
  while (!side.empty()) {
    const bool ends = side.find(':') == std::string_view::npos;
    const std::string_view group = take_until(side, ':');
    if (ends && last && is_ipv4(group)) return groups + 2;
    if (group.empty() || group.size() > 4 || !all(group, kHex)) return -1;
    if (!ends && side.empty()) return -1;  // a colon at the end
    ++groups;
  }
  return groups;
}

bool is_ipv6(std::string_view text) {
  constexpr int kGroups = 8;
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) return ipv6_groups(text, true) == kGroups;
  const int before = ipv6_groups(text.substr(0, gap), false);
  const int after = ipv6_groups(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after < kGroups;
}

bool is_future_address(std::string_view text) {
  if (text.empty() || (text.front() != 'v' && text.front() != 'V')) return false;
  text.remove_prefix(1);
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || !all(text.substr(0, dot), kHex)) return false;
  const std::string_view address = text.substr(dot + 1);
  return !address.empty() && all(address, kNameSet | kColon);
}

bool is_authority(std::string_view text) {
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    if (!all_or_encoded(text.substr(0, at), kNameSet | kColon)) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view address = text.substr(1, close - 1);
    if (!is_ipv6(address) && !is_future_address(address)) return false;
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return false;
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    if (!all_or_encoded(text.substr(0, colon), kNameSet)) return false;
    port = text.substr(colon);
  }
  return port.empty() || all(port.substr(1), kDigit);
}

/// hier-part or relative-part, then query and fragment. What a first segment may hold was decided
/// when the scheme was looked for.
bool is_rest(std::string_view text) {
  const auto hash = text.find('#');
  if (hash != std::string_view::npos) {
    if (!all_or_encoded(text.substr(hash + 1), kSegmentSet | kSlashOrQuestion)) return false;
    text = text.substr(0, hash);
  }
  const auto question = text.find('?');
  if (question != std::string_view::npos) {
    if (!all_or_encoded(text.substr(question + 1), kSegmentSet | kSlashOrQuestion)) return false;
    text = text.substr(0, question);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const auto slash = std::min(text.find('/'), text.size());
    if (!is_authority(text.substr(0, slash))) return false;
    text.remove_prefix(slash);
  }
  return all_or_encoded(text, kSegmentSet | kSlashOrQuestion);  // no question mark is left
}

bool is_scheme(std::string_view text) {
  if (text.empty() || !is(text.front(), kAlpha)) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is(c, kAlpha | kDigit) || c == '+' || c == '-' || c == '.';
  });
}

}  // namespace

bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && is_scheme(text.substr(0, colon)) &&
         is_rest(text.substr(colon + 1));
}

bool is_uri_reference(std::string_view text) {
  const auto end = text.find_first_of(":/?#");
  if (end != std::string_view::npos && text[end] == ':') return is_uri(text);
  return is_rest(text);
}

}  // namespace cdviz::cdevents
