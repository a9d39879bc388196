#include "cloudevents/encode.h"

#include <string_view>
#include <utility>

#include "cloudevents/attributes.h"
#include "cloudevents/header_value.h"
#include "core/json_text.h"

namespace cdviz::cloudevents {
namespace {

constexpr std::string_view kJson = "application/json";

/// All attributes but datacontenttype, by their plain names, in the order they are sent.
Headers attributes_of(const EventData& event, const Encoding& encoding) {
  Headers attributes{{"specversion", "1.0"}, {"id", event.id}, {"source", event.source}};
  attributes.add("type", event.type);
  attributes.add("subject", event.subject_id);
  attributes.add("time", event.timestamp);
  if (encoding.extensions) {
    for (const auto& [header, value] : event.headers) {
      const std::string_view name = attribute_name(header);
      if (is_attribute_name(name) && !is_context_attribute(name)) {
        attributes.set(std::string(name), value);
      }
    }
  }
  for (const auto& [name, value] : encoding.attributes) {
    const bool fixed = name == "specversion" || name == "datacontenttype" || name == "data";
    const bool needed = name == "id" || name == "source" || name == "type";
    if (is_attribute_name(name) && !fixed && !(needed && value.empty())) {
      attributes.set(name, value);
    }
  }
  Headers sent;
  for (const auto& [name, value] : attributes) {
    if (!value.empty()) sent.add(name, value);
  }
  return sent;
}

Headers binary_headers(const EventData& event, const Encoding& encoding) {
  const bool kafka = encoding.transport == Transport::kafka;
  const std::string prefix = kafka ? "ce_" : std::string(kPrefix);
  Headers headers;
  for (const auto& [name, value] : attributes_of(event, encoding)) {
    headers.add(prefix + name, kafka ? value : encode_header_value(value));
  }
  const bool nats = encoding.transport == Transport::nats;
  headers.add(nats ? "ce-datacontenttype" : std::string(kContentType), std::string(kJson));
  return headers;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
  out += ',';
}

void append_document(std::string& out, const EventData& event, const Encoding& encoding) {
  out += '{';
  for (const auto& [name, value] : attributes_of(event, encoding)) append_member(out, name, value);
  append_member(out, "datacontenttype", kJson);
  out += "\"data\":";
  out += event.json;
  out += '}';
}

}  // namespace

Encoded encode(const EventData& event, const Encoding& encoding) {
  if (!encoding.structured) return {binary_headers(event, encoding), event.json};
  Encoded encoded{{{std::string(kContentType), "application/cloudevents+json; charset=UTF-8"}}, {}};
  encoded.body.reserve(event.json.size() + 512);
  append_document(encoded.body, event, encoding);
  return encoded;
}

Encoded encode_batch(std::span<const Event> events, const Encoding& encoding) {
  Encoded encoded{
      {{std::string(kContentType), "application/cloudevents-batch+json; charset=UTF-8"}}, {}};
  std::size_t bytes = 2;
  for (const Event& event : events) bytes += event->json.size() + 512;
  encoded.body.reserve(bytes);
  encoded.body += '[';
  for (const Event& event : events) {
    if (encoded.body.size() > 1) encoded.body += ',';
    append_document(encoded.body, *event, encoding);
  }
  encoded.body += ']';
  return encoded;
}

}  // namespace cdviz::cloudevents
