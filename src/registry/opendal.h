// `type = "opendal"`: what the existing collector calls its sources of files and objects. Here they
// have names of their own; this hands its options to the one that is meant.
#pragma once

#include "core/component.h"

namespace cdviz::registry {

extern const SourceKind opendal_source_kind;

}  // namespace cdviz::registry
