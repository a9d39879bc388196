// Takes the event out of a CloudEvent: the JSON format
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md) and, in
// binary mode, the headers.
#pragma once

#include <optional>
#include <vector>

#include "core/message.h"
#include "core/problem.h"

namespace cdviz::cloudevents {

/// What a message turned out to be.
struct Unwrapped {
  bool is_cloudevent = false;
  /// Structured mode: a message of the data, byte for byte, with the attributes as headers
  /// (attributes.h) and everything else as it was. Without it the message itself is the data.
  std::optional<Message> data = {};
  std::vector<Problem> problems = {};  ///< with any, the CloudEvent is malformed
};

/// Goes by the headers. Pure; safe to call from any thread.
Unwrapped unwrap(const Message& message);

/// For messages whose headers do not say that they are CloudEvents, as records of Kafka and NATS
/// may have none: a JSON object with specversion and type, and without context (which a CDEvent
/// has), is a structured CloudEvent.
Unwrapped unwrap_unmarked(const Message& message);

/// One or the other, for whoever has not looked into the body yet.
Unwrapped unwrap_either(const Message& message);

}  // namespace cdviz::cloudevents
