#include "sinks/http/request.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "cloudevents/attributes.h"
#include "cloudevents/encode.h"

namespace cdviz::sinks::http {
namespace {

constexpr std::string_view kTraceParent = "traceparent";
constexpr std::string_view kTraceState = "tracestate";

/// Of one hop (RFC 9110 §7.6.1), of the body, of the destination, or secrets of somebody else.
constexpr std::array<std::string_view, 20> kNotSentOn = {"connection",
                                                         "content-encoding",
                                                         "content-length",
                                                         "content-type",
                                                         "cookie",
                                                         "expect",
                                                         "host",
                                                         "http2-settings",
                                                         "keep-alive",
                                                         "proxy-authenticate",
                                                         "proxy-connection",
                                                         "proxy-authorization",
                                                         "set-cookie",
                                                         "te",
                                                         "trailer",
                                                         "transfer-encoding",
                                                         "upgrade",
                                                         "authorization",
                                                         "user-agent",
                                                         "date"};

bool is_sent_on(std::string_view name, std::string_view value) {
  if (!cloudevents::attribute_name(name).empty()) return false;  // in the CloudEvent itself
  const auto is_name = [&](std::string_view one) { return equal_ignoring_case(one, name); };
  if (std::ranges::any_of(kNotSentOn, is_name)) return false;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  const auto is_odd = [&](char c) { return is_control(c) || c == ':' || c == ' ' || c == ';'; };
  return !name.empty() && std::ranges::none_of(name, is_odd) &&
         std::ranges::none_of(value, is_control);
}

}  // namespace

Request request_of(const EventData& event, ContentMode mode) {
  auto encoded = cloudevents::encode(event, {.transport = cloudevents::Transport::http,
                                             .structured = mode == ContentMode::structured});
  Request request{std::move(encoded.headers), std::move(encoded.body)};
  for (const auto& [name, value] : event.headers) {
    if (is_sent_on(name, value)) request.headers.add(name, value);
  }
  return request;
}

Request batch_of(std::span<const Event> events) {
  Request request{cloudevents::encode_batch({}, {}).headers, "["};
  std::size_t bytes = 2;
  for (const Event& event : events) bytes += event->json.size() + 512;
  request.body.reserve(bytes);
  for (const Event& event : events) {
    cloudevents::Encoding encoding{.structured = true};
    for (const auto name : {kTraceParent, kTraceState}) {
      if (const auto value = event->headers.find(name)) {
        encoding.attributes.add(std::string(name), std::string(*value));
      }
    }
    if (request.body.size() > 1) request.body += ',';
    request.body += cloudevents::encode(*event, encoding).body;
  }
  request.body += ']';
  return request;
}

}  // namespace cdviz::sinks::http
