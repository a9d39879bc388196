// From events to the headers and body of a request, as CloudEvents over HTTP
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/event.h"
#include "core/headers.h"

namespace cdviz::sinks::http {

enum class ContentMode : std::uint8_t {
  structured,  ///< one document with the attributes and the event
  binary,      ///< attributes as headers, the event as the body byte for byte
  batch,       ///< several structured ones in an array
};

struct Request {
  Headers headers = {};
  std::string body = {};
};

/// One event, with the headers that are kept with it: trace context, and what the source kept.
/// Left out are those that a hop decides about, credentials, and what no header can hold.
/// @param mode  structured or binary
Request request_of(const EventData& event, ContentMode mode);

/// Several. The trace context of each is an extension of its CloudEvent
/// (https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md),
/// other headers cannot be sent.
Request batch_of(std::span<const Event> events);

}  // namespace cdviz::sinks::http
