// Fuzzes the reading of CloudEvents. The first byte of the input chooses what the rest is: a header
// value, a structured event, one without headers, or the headers of a transport, one a line.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "cloudevents/attributes.h"
#include "cloudevents/header_value.h"
#include "cloudevents/metadata.h"
#include "cloudevents/transport.h"
#include "cloudevents/unwrap.h"
#include "core/json_spans.h"

namespace {

using namespace cdviz;
using namespace cdviz::cloudevents;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// The rules of the specification written down once more, by replacing: slow and plain.
std::optional<std::string> decoded_slowly(std::string text) {
  constexpr std::string_view kDigits = "0123456789abcdef0123456789ABCDEF";
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    std::string wide;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80) {
        wide += c;
      } else {
        wide += byte < 0xC0 ? "\xC2" : "\xC3";
        wide += static_cast<char>(byte < 0xC0 ? byte : byte - 0x40);
      }
    }
    text = wide;
  }
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    std::string inside;
    bool escaped = false;
    bool quoted = true;
    for (const char c : text.substr(1, text.size() - 2)) {
      if (!escaped && c == '"') quoted = false;
      if (!escaped && c == '\\') {
        escaped = true;
        continue;
      }
      escaped = false;
      inside += c;
    }
    if (quoted && !escaped) text = inside;
  }
  for (std::size_t at = 0; (at = text.find('%', at)) != std::string::npos; ++at) {
    if (text.size() - at < 3) break;
    const auto high = kDigits.find(text[at + 1]);
    const auto low = kDigits.find(text[at + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) continue;
    text.replace(at, 3, 1, static_cast<char>(high % 16 * 16 + low % 16));
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) return std::nullopt;
  return text;
}

void check_value(const std::string& value) {
  const auto decoded = decode_header_value(value);
  must(decoded == decoded_slowly(value), "both decoders agree");
  if (decoded) must(decode_header_value(encode_header_value(*decoded)) == decoded, "it comes back");
}

void check_metadata(const Headers& headers) {
  std::string metadata = R"({"known":1})";
  add_attributes(metadata, headers);
  const auto tree = json::Tree::read(metadata);
  must(tree && simdjson::validate_utf8(metadata), "the metadata is JSON");
  const auto attributes = tree->root().find("cloudevents");
  must(attributes.has_value() == (mode_of(headers) == Mode::binary), "a CloudEvent has attributes");
  if (!attributes) return;
  std::size_t bytes = 0;
  for (const auto each : attributes->children()) {
    must(each.is_string() && is_attribute_name(each.name()), "they are texts under their names");
    bytes += each.name().size();
  }
  must(bytes <= kMetadataBytes, "they are bounded");
}

void check_unwrapped(const Message& message, const Unwrapped& unwrapped) {
  if (!unwrapped.is_cloudevent) {
    must(!unwrapped.data && unwrapped.problems.empty(), "what is no CloudEvent is left alone");
    return;
  }
  must(unwrapped.data.has_value() == unwrapped.problems.empty(), "either data or problems");
  if (!unwrapped.data) return;
  const Headers& headers = unwrapped.data->headers;
  check_metadata(headers);
  must(mode_of(headers) != Mode::none, "its headers say that it was a CloudEvent");
  for (const auto& [name, text] : headers) {
    must(!fault_of_text(text), "its headers are good attributes");
  }
  if (message.body.find("data_base64") == std::string::npos &&
      message.body.find('\\') == std::string::npos && is_json_type(*headers.find(kContentType))) {
    must(message.body.find(unwrapped.data->body) != std::string::npos, "the data is cut out");
  }
}

void check_document(std::string body, bool marked) {
  Message message{.body = std::move(body)};
  if (marked) message.headers.add("content-type", "application/cloudevents+json");
  const std::string before = message.body;
  check_unwrapped(message, marked ? unwrap(message) : unwrap_unmarked(message));
  must(message.body == before, "the message stays as it was");
}

void check_headers(Transport transport, std::string_view lines) {
  Headers headers;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
  }
  const auto [found, problems] = attribute_headers(transport, headers);
  must(found.empty() == (mode_of(found) == Mode::none), "headers of a CloudEvent or none");
  must(problems.empty() || mode_of(found) == Mode::binary, "only attributes have problems");
  check_metadata(found);
  const auto unwrapped = unwrap({.body = "{}", .headers = found});
  must(unwrapped.is_cloudevent == !found.empty(), "what was found is a CloudEvent");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array kTransports = {Transport::http, Transport::kafka, Transport::nats};
  const std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 6) {
    case 0:
      check_value(rest);
      break;
    case 1:
    case 2:
      check_document(rest, data[0] % 6 == 1);
      break;
    default:
      check_headers(kTransports[data[0] % 6 - 3U], rest);
  }
  return 0;
}
