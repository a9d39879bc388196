// What a sink's transformers make of an event on its way to that sink.
#pragma once

#include <vector>

#include "core/event.h"
#include "core/result.h"
#include "core/transform.h"

namespace cdviz::pipeline {

/// The events that the sink gets instead, none when the transformers filter this one. One that they
/// leave as it is stays the same object.
/// @returns Fault::reject when a transformer failed, or when what it made is no event that can be
/// stored
Result<std::vector<Event>> transform_for_sink(const Transforms& chain, const Event& event);

}  // namespace cdviz::pipeline
