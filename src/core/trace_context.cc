#include "core/trace_context.h"

#include <algorithm>
#include <string>

namespace cdviz {
namespace {

constexpr std::size_t kTracestateBytes = std::size_t{8} * 1024;
constexpr std::size_t kTracestateMembers = 32;

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

std::string_view without_space(std::string_view text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

bool is_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' ||
         c == '/' || c == '@';
}

bool is_member(std::string_view member) {
  const auto equals = member.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals > 256) return false;
  const std::string_view key = member.substr(0, equals);
  const std::string_view value = member.substr(equals + 1);
  if (!std::all_of(key.begin(), key.end(), is_key_char)) return false;
  return !value.empty() && value.size() <= 256 &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= 0x20 && c <= 0x7E && c != '='; });
}

}  // namespace

bool is_traceparent(std::string_view value) {
  // version "-" trace-id "-" parent-id "-" flags: 2, 32, 16 and 2 hexadecimal digits.
  constexpr std::size_t kLength = 55;
  if (value.size() < kLength || value[2] != '-' || value[35] != '-' || value[52] != '-') {
    return false;
  }
  const std::string_view version = value.substr(0, 2);
  const std::string_view trace_id = value.substr(3, 32);
  const std::string_view parent_id = value.substr(36, 16);
  const std::string_view flags = value.substr(53, 2);
  if (!is_lower_hex(version) || !is_lower_hex(trace_id) || !is_lower_hex(parent_id) ||
      !is_lower_hex(flags)) {
    return false;
  }
  if (version == "ff" || is_zero(trace_id) || is_zero(parent_id)) return false;
  if (version == "00") return value.size() == kLength;
  return value.size() <= 256 && (value.size() == kLength || value[kLength] == '-');
}

bool is_tracestate(std::string_view value) {
  if (value.size() > kTracestateBytes) return false;
  std::size_t members = 0;
  for (;;) {
    const auto comma = value.find(',');
    const std::string_view member = without_space(value.substr(0, comma));
    if (!member.empty()) {  // empty ones are allowed
      if (!is_member(member) || ++members > kTracestateMembers) return false;
    }
    if (comma == std::string_view::npos) return members > 0;
    value.remove_prefix(comma + 1);
  }
}

void keep_trace_context(const Headers& from, Headers& to) {
  const std::string* parent = nullptr;
  std::string state;
  for (const auto& [name, value] : from) {
    if (equal_ignoring_case(name, "traceparent")) {
      if (parent != nullptr) return;
      parent = &value;
    } else if (equal_ignoring_case(name, "tracestate")) {
      if (!state.empty()) state += ',';
      state += value;
    }
  }
  if (parent == nullptr || !is_traceparent(*parent)) return;
  to.add("traceparent", *parent);
  if (is_tracestate(state)) to.add("tracestate", std::move(state));
}

}  // namespace cdviz
