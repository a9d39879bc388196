// From an event to a message of NATS: its subject, its headers, its bytes.
#pragma once

#include <string>

#include "cloudevents/encode.h"
#include "core/event.h"
#include "core/event_template.h"
#include "core/headers.h"
#include "core/result.h"

namespace cdviz::sinks::nats {

struct Message {
  std::string subject;
  Headers headers;
  std::string body;
};

struct MessageSettings {
  EventTemplate subject;
  cloudevents::Encoding encoding;
  std::string expected_stream = {};  ///< refuse any other; empty: whichever takes the subject
};

/// What a stream knows an event by, to store it once (Nats-Msg-Id): source and id of the event,
/// percent-encoded, with a space between; the SHA-256 of that when it is long.
std::string message_id(const EventData& event);

/// As the CloudEvents binding has it
/// (https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md).
/// @returns Fault::reject when the event makes a subject that is none
Result<Message> message_of(const EventData& event, const MessageSettings& settings);

}  // namespace cdviz::sinks::nats
