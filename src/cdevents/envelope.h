// The whole event as one shape: the envelope of the specification's era around the content of the
// kind. What is validated, generated as an example and printed as a JSON Schema is this shape.
#pragma once

#include <cstdint>
#include <string_view>

#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {

/// 0.4.0 and 0.4.1 have the same types; what differs is how links are spelled. Matters for
/// Era::v0_4 only.
enum class Revision : std::uint8_t {
  v0_4_0,  ///< link_type, link_kind, context_id; its schemas admit no link at all, its documents
           ///< and examples do: those, or the spelling of 0.4.1
  v0_4_1,  ///< linkType, linkKind, contextId
};

/// @param spec_version  context.version
Revision revision_of(std::string_view spec_version);

/// The shape of all of an event of this kind.
Shape event_shape(const EventKind& kind, Revision revision = Revision::v0_4_1);

/// The shape of all of a custom event (dev.cdeventsx.…).
/// @param era  v0_4 or v0_5: which one an event has is said by its context.version or specversion
Shape custom_event_shape(Era era, Revision revision = Revision::v0_4_1);

}  // namespace cdviz::cdevents
