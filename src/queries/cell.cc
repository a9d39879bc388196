#include "queries/cell.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "core/json_text.h"

namespace cdviz::queries {
namespace {

/// "2026-01-31 12:00:00.5+00": the only form of a time that UTC and ISO give.
bool is_time(std::string_view text) {
  return text.size() >= 22 && text[10] == ' ' && text.ends_with("+00");
}

bool is_finite(std::string_view text) {
  return std::isfinite(std::strtod(std::string(text).c_str(), nullptr));
}

}  // namespace

bool is_number(std::string_view type) {
  return type == "bigint" || type == "integer" || type == "double precision";
}

std::string time_of(std::string_view text) {
  if (!is_time(text)) return std::string(text);
  return std::string(text.substr(0, 10)) + 'T' + std::string(text.substr(11, text.size() - 14)) +
         'Z';
}

std::string time_in_milliseconds(std::string_view text) {
  if (!is_time(text)) return std::string(text);
  constexpr std::size_t kToSeconds = 19;
  std::string out(text.substr(0, kToSeconds));
  out[10] = 'T';
  auto fraction = text.substr(kToSeconds, text.size() - kToSeconds - 3);
  if (fraction.starts_with('.')) fraction.remove_prefix(1);
  std::string digits(fraction.substr(0, 3));
  digits.append(3 - digits.size(), '0');
  return out + '.' + digits + 'Z';
}

std::vector<std::optional<std::string>> elements_of(std::string_view text) {
  std::vector<std::optional<std::string>> elements;
  if (text.size() < 2 || text == "{}") return elements;
  text = text.substr(1, text.size() - 2);
  std::size_t at = 0;
  while (at <= text.size()) {
    std::string element;
    const bool quoted = at < text.size() && text[at] == '"';
    if (quoted) ++at;
    for (; at < text.size() && text[at] != (quoted ? '"' : ','); ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      element += text[at];
    }
    if (quoted) ++at;
    ++at;
    const bool null = !quoted && element == "NULL";
    elements.push_back(null ? std::nullopt : std::optional(std::move(element)));
  }
  return elements;
}

void append_json(std::string& out, std::string_view type, std::string_view text) {
  if (type == "boolean") {
    out += text == "t" ? "true" : "false";
  } else if (type == "jsonb") {
    out += text;
  } else if (is_number(type)) {
    out += is_finite(text) ? text : "null";
  } else if (type.ends_with("[]")) {
    out += '[';
    bool first = true;
    for (const auto& element : elements_of(text)) {
      if (!std::exchange(first, false)) out += ',';
      if (element)
        append_json(out, type.substr(0, type.size() - 2), *element);
      else
        out += "null";
    }
    out += ']';
  } else {
    append_json_string(out, type == "timestamptz" ? time_of(text) : text);
  }
}

void append_csv(std::string& out, std::string_view type, std::string_view text) {
  std::string value = type == "timestamptz" ? time_of(text) : std::string(text);
  if (type == "boolean") value = text == "t" ? "true" : "false";
  if (!is_number(type) && !value.empty() &&
      std::string_view("=+-@\t\r").find(value.front()) != std::string_view::npos)
    value.insert(0, 1, '\'');
  if (value.find_first_of(",\"\r\n") == std::string::npos) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"') out += c;
    out += c;
  }
  out += '"';
}

}  // namespace cdviz::queries
