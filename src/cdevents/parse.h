// From bytes to a checked CDEvent (https://cdevents.dev). One parse, over simdjson; the bytes
// themselves are kept.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/event.h"
#include "core/inlet.h"

namespace cdviz::cdevents {

/// Why a document is not an event that can be stored. At least one problem.
struct Unusable {
  std::vector<Problem> problems;
  std::string id;         ///< context.id if it could be read, for the dead letter
  std::string source;     ///< context.source likewise
  std::string type = {};  ///< context.type likewise
};

/// Reads one JSON document. Safe to call from any thread.
/// Checks what storing and finding the event needs: UTF-8 JSON within the limits, no NUL and no
/// lone surrogate (jsonb refuses them), an object with context.{id,source,type,timestamp} and
/// subject.id, a type of the form dev.cdevents.<subject>.<predicate>.<version> or dev.cdeventsx.…,
/// a timestamp of RFC 3339.
/// @param document  moved into the event; left as it was when it is Unusable, for the dead letter
/// @returns the fields with `json` = `document`; headers, origin and received_at are left to the
/// caller
std::variant<EventData, Unusable> parse(std::string&& document);

}  // namespace cdviz::cdevents
