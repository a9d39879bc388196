// The fields of an event that storing and finding it needs.
#pragma once

#include <simdjson.h>

#include "cdevents/problem_list.h"
#include "core/event.h"

namespace cdviz::cdevents {

/// Reads context.{id,source,type,timestamp} and subject.id. Each that is missing, no string, empty,
/// too long or there twice is a problem; so are a type that is no name of an event and a timestamp
/// that is not of RFC 3339. A stand-alone link of the specification (linkType at the root, no
/// context) is one problem, "link_message".
/// @param event  gets what could be read; nothing else is touched
void read_event(const simdjson::dom::element& root, EventData& event, ProblemList& problems);

}  // namespace cdviz::cdevents
