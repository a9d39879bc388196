// From an event to a message of NATS: its subject, its headers, its bytes.
#pragma once

#include <string>

#include "cloudevents/encode.h"
#include "core/event.h"
#include "core/event_template.h"
#include "core/headers.h"
#include "core/result.h"
#include "net/outgoing_headers.h"

namespace cdviz::sinks::nats {

struct Message {
  std::string subject;
  Headers headers;
  std::string body;
};

struct MessageSettings {
  EventTemplate subject;
  cloudevents::Encoding encoding;
  std::string expected_stream = {};   ///< refuse any other; empty: whichever takes the subject
  net::OutgoingHeaders headers = {};  ///< of every message, replacing others of the same name
};

/// What a stream knows an event by, to store it once (Nats-Msg-Id): source and id of the event,
/// percent-encoded, with a space between; the SHA-256 of that when it is long.
std::string message_id(const EventData& event);

/// As the CloudEvents binding has it
/// (https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md).
/// @param now  for the timestamps of signatures
/// @returns Fault::reject when the event makes a subject that is none; Fault::stop when a header
/// that is to be signed is not there
Result<Message> message_of(const EventData& event, const MessageSettings& settings, WallTime now);

}  // namespace cdviz::sinks::nats
