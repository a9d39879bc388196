// The source that watches a registry of container images. See docs/sources/oci.md.
#pragma once

#include "core/component.h"

namespace cdviz::sources::oci {

/// `type = "oci"`.
extern const SourceKind kind;

}  // namespace cdviz::sources::oci
