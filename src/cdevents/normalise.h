// Mends what is missing or almost right in an event before it is checked. Everything that is not
// mended stays byte for byte; ids are never rewritten.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cdevents/check.h"
#include "core/event.h"

namespace cdviz::cdevents {

/// What fills the gaps.
struct Fill {
  std::string_view source;       ///< for context.source, if the CloudEvent has none; may be empty
  WallTime now;                  ///< for context.timestamp, likewise
  const Attributes& attributes;  ///< of the CloudEvent around the document: they come first
};

struct Normalised {
  std::string json;
  /// What was done: "source", "time", "id", "nulls", "timestamp", "subject", "specversion",
  /// "upgrade"; in the order in which it was done.
  std::vector<std::string_view> steps;
};

/// Safe to call from any thread. Pure.
///
/// An id is made of the content (content_id.h) as it was sent, with the source that was filled in.
/// A timestamp that was missing too is not part of it: the same event sent again has the same id.
///
/// @param json  text that a JSON parser has accepted; what is no event with a context object is
/// left as it is
/// @returns nothing when there was nothing to do
std::optional<Normalised> normalise(std::string_view json, const Normalisation& rules,
                                    const Fill& fill);

}  // namespace cdviz::cdevents
