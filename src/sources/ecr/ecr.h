// The source that watches registries of Amazon ECR. See docs/sources/ecr.md.
#pragma once

#include "core/component.h"

namespace cdviz::sources::ecr {

/// `type = "ecr"`.
extern const SourceKind kind;

}  // namespace cdviz::sources::ecr
