// A dead letter of a sink remembers, as metadata, what the event's JSON does not say, so that a
// replay sends the same.
#pragma once

#include <optional>
#include <string>

#include "core/event.h"
#include "queue/queue.h"

namespace cdviz::pipeline {

/// {"origin":"github","received_at_ms":1718000000000}
std::string sink_letter_metadata(const EventData& event);

/// The event as it was when the sink rejected it; nothing if its bytes are no event (any more).
/// @param letter  its body is taken only with success
std::optional<Event> event_of(queue::DeadLetter& letter);

}  // namespace cdviz::pipeline
