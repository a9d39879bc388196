// An event's shape as a JSON Schema (https://json-schema.org/draft/2020-12), for editors and other
// programs. A validator that asserts formats (RFC 3339, RFC 3986) gives our own verdict with it.
#pragma once

#include <string>

#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {

/// The schema of all of an event of this kind, indented, with a line end behind it. What the
/// collector refuses whatever the policy (sizes, NUL, names that come twice) is no matter of a
/// schema and not in it.
std::string json_schema_text(const EventKind& kind);

/// The schema of all of a custom event, dev.cdeventsx.…
/// @param era  v0_4 or v0_5
std::string custom_json_schema_text(Era era);

}  // namespace cdviz::cdevents
