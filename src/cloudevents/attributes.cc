#include "cloudevents/attributes.h"

#include <algorithm>
#include <array>
#include <utility>

#include <simdjson.h>

#include "core/trace_context.h"

namespace cdviz::cloudevents {
namespace {

constexpr std::string_view kStructured = "application/cloudevents";
constexpr std::string_view kBatch = "application/cloudevents-batch";

constexpr std::array<std::string_view, 8> kContextAttributes = {
    "specversion", "id", "source", "type", "subject", "time", "dataschema", "datacontenttype"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && equal_ignoring_case(text.substr(0, start.size()), start);
}

/// C0 and C1 controls and DEL, in valid UTF-8.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

/// U+FDD0 to U+FDEF and the last two characters of each plane, in valid UTF-8.
bool has_noncharacter(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (byte(i) == 0xEF) {
      if (byte(i + 1) == 0xB7 && byte(i + 2) >= 0x90 && byte(i + 2) <= 0xAF) return true;
      if (byte(i + 1) == 0xBF && byte(i + 2) >= 0xBE) return true;
    } else if (byte(i) >= 0xF0 && (byte(i + 1) & 0x0FU) == 0x0F && byte(i + 2) == 0xBF &&
               byte(i + 3) >= 0xBE) {
      return true;
    }
  }
  return false;
}

}  // namespace

Mode mode_of(const Headers& headers) {
  if (const auto type = headers.find(kContentType)) {
    if (starts_with_ignoring_case(*type, kBatch)) return Mode::batch;  // begins as the other does
    if (starts_with_ignoring_case(*type, kStructured)) return Mode::structured;
  }
  for (const auto* required : {"ce-specversion", "ce-id", "ce-source", "ce-type"}) {
    if (!headers.find(required)) return Mode::none;
  }
  return Mode::binary;
}

bool is_json_format(std::string_view content_type) {
  const std::string type = essence_of(content_type);
  return type == kStructured || type == kBatch || type.ends_with("+json");
}

std::string essence_of(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  const auto start = content_type.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  content_type = content_type.substr(start, content_type.find_last_not_of(" \t") - start + 1);
  std::string type(content_type);
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

bool is_json_type(std::string_view content_type) {
  const std::string type = essence_of(content_type);
  return type.empty() || type.ends_with("/json") || type.ends_with("+json");
}

bool is_attribute_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

bool is_context_attribute(std::string_view name) {
  return std::find(kContextAttributes.begin(), kContextAttributes.end(), name) !=
         kContextAttributes.end();
}

std::optional<std::string_view> fault_of_text(std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) return "is not UTF-8";
  if (has_control_character(text)) return "holds a control character";
  if (has_noncharacter(text)) return "holds a noncharacter";
  return std::nullopt;
}

std::optional<std::string_view> attribute(const Headers& headers, std::string_view name) {
  return headers.find(std::string(kPrefix).append(name));
}

std::string_view attribute_name(std::string_view header) {
  if (!starts_with_ignoring_case(header, kPrefix)) return {};
  return header.substr(kPrefix.size());
}

Headers headers_to_send_on(Headers headers) {
  if (mode_of(headers) != Mode::binary) return headers;
  Headers kept;
  for (const auto& [name, value] : headers) {
    const bool goes =
        is_context_attribute(attribute_name(name)) || equal_ignoring_case(name, kContentType);
    if (!goes) kept.add(name, value);
  }
  if (const auto parent = attribute(headers, "traceparent");
      parent && !kept.find("traceparent") && is_traceparent(*parent)) {
    kept.set("traceparent", std::string(*parent));
    if (const auto state = attribute(headers, "tracestate"); state && is_tracestate(*state)) {
      kept.set("tracestate", std::string(*state));
    }
  }
  return kept;
}

}  // namespace cdviz::cloudevents
