// What event.notes says (core/event.h).
#pragma once

#include <string>
#include <string_view>

#include "cdevents/check.h"

namespace cdviz::cdevents {

/// A JSON object as text, or "" when there is nothing to note. `violations`: a list of
/// {"pointer","rule","message"}; `normalised`: a list of steps; `mismatches`: a list of attributes;
/// `original`: the document as it came, a string. What there is none of is left out.
/// @param original  empty: the event's JSON is what came
std::string notes_of(const Checked& checked, std::string_view original);

}  // namespace cdviz::cdevents
