// What an event's type asks of it: which kind it is, and whether the specification knows it.
#pragma once

#include <optional>
#include <string_view>

#include <simdjson.h>

#include "cdevents/problem_list.h"
#include "core/problem.h"

namespace cdviz::cdevents {

/// Adds each violation of the specification. "unknown_type": a subject and predicate that no
/// release has, a higher major version, or a family that is neither dev.cdevents nor dev.cdeventsx;
/// then nothing else is known about the event.
/// @param type  context.type; kinds are found without regard to case
/// @returns the mark "newer_version" when subject and predicate are known but not this version of
/// the same major version: such an event is accepted, unverified (CDEvents primer, versioning)
std::optional<Problem> check_against_specification(const simdjson::dom::element& root,
                                                   std::string_view type, ProblemList& problems);

}  // namespace cdviz::cdevents
