// Valid events of every kind, generated from the vocabulary: for people who want to see one, and
// for tests. The same every time.
#pragma once

#include <cstdint>
#include <string>

#include "cdevents/envelope.h"
#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {

enum class Size : std::uint8_t {
  minimal,  ///< only what is required
  maximal,  ///< every member, of every list one element of each form it may have
};

/// One event as JSON, indented by two spaces.
std::string sample(const EventKind& kind, Size size, Revision revision = Revision::v0_4_1);

/// A custom event, dev.cdeventsx.mytool-resource.created.0.1.0.
std::string custom_sample(Era era, Size size, Revision revision = Revision::v0_4_1);

/// What context.version or context.specversion of such an event says: the last release that has it.
std::string_view spec_version_of(const EventKind& kind);

}  // namespace cdviz::cdevents
