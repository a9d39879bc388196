// The attributes of a CloudEvent as a transformer finds them: m.metadata.cloudevents.type, …
#pragma once

#include <cstddef>
#include <string>

#include "core/headers.h"

namespace cdviz::cloudevents {

/// Names and values together: as much as the specification asks everybody to take of a whole event
/// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#size-limits).
inline constexpr std::size_t kMetadataBytes = std::size_t{64} * 1024;

/// Adds the member `cloudevents` to `metadata`: an object of texts, each attribute under the name
/// that the specification gives it, extensions too, datacontenttype as well. A number or a boolean
/// is text, as it is in a header, so that all modes look the same. What is beyond kMetadataBytes is
/// left out, extensions first. Pure; safe to call from any thread.
/// @param metadata  a JSON object as text, or empty; what is neither, and one that has the member
///                  already (the user's own), stays as it is
/// @param headers  of a message (attributes.h); nothing is added if they are not a CloudEvent's
void add_attributes(std::string& metadata, const Headers& headers);

}  // namespace cdviz::cloudevents
