// Whether an event may need normalise(), seen on the document that was parsed already: normalising
// reads the text again, and most events need none of it.
#pragma once

#include <simdjson.h>

#include "cdevents/check.h"

namespace cdviz::cdevents {

/// False only when normalise() would find nothing to do.
/// @param event  what could be read of it
/// @param readable  nothing was wrong with the fields of `event`
bool may_need_mending(const simdjson::dom::element& root, const EventData& event, bool readable,
                      const Normalisation& rules);

}  // namespace cdviz::cdevents
