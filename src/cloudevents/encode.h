// From an event to a CloudEvent on the wire, as the binding of CDEvents has it
// (https://github.com/cdevents/spec/blob/main/cloudevents-binding.md): id, source, type, subject
// and time are those of the event, and the event is the data.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "cloudevents/transport.h"
#include "core/event.h"
#include "core/headers.h"

namespace cdviz::cloudevents {

struct Encoding {
  Transport transport = Transport::http;
  /// One JSON document instead of headers; may hold what no header can.
  bool structured = false;
  /// Send the extensions that the event came with (headers "ce-NAME").
  bool extensions = true;
  /// (attribute, value) to send instead of the event's own or besides: "dataschema",
  /// "partitionkey", … An empty value leaves the attribute out. Passed over are names that are no
  /// attribute's, specversion and datacontenttype, and empty values of id, source and type.
  Headers attributes = {};
};

struct Encoded {
  Headers headers;   ///< to be sent beside the transport's own; with the content type
  std::string body;  ///< binary: the event byte for byte
};

/// Safe to call from any thread.
Encoded encode(const EventData& event, const Encoding& encoding);

/// Several in one body, in the batch mode that HTTP alone has. Send it only to those who asked for
/// it.
/// @param events  may be empty
Encoded encode_batch(std::span<const Event> events, const Encoding& encoding);

}  // namespace cdviz::cloudevents
