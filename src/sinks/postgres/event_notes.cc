#include "sinks/postgres/event_notes.h"

#include <algorithm>
#include <string_view>

#include "core/json_text.h"

namespace cdviz::sinks::postgres {
namespace {

/// As append_json_string makes a broken byte U+FFFD, so a NUL is made one.
std::string without_nul(std::string text) {
  std::ranges::replace(text, '\0', '\xff');
  return text;
}

std::string headers_json(const Headers& headers) {
  std::string out;
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) {
    bytes += name.size() + value.size();
    if (bytes > kHeaderBytesMax) break;
    out += out.empty() ? "[[" : ",[";
    append_json_string(out, without_nul(name));
    out += ',';
    append_json_string(out, without_nul(value));
    out += ']';
  }
  return out.empty() ? out : out + "]";
}

}  // namespace

std::string stored_notes(const EventData& event) {
  const std::string headers = headers_json(event.headers);
  if (headers.empty()) return event.notes;
  std::string_view others = event.notes;  // an object: its members stand between the braces
  others = others.substr(0, others.rfind('}'));
  const bool alone = others.find('"') == std::string_view::npos;
  return std::string(alone ? "{" : others) + (alone ? "" : ",") + "\"headers\":" + headers + "}";
}

}  // namespace cdviz::sinks::postgres
