#pragma once

#include "core/component.h"

namespace cdviz::sources::nats {

/// `type = "nats"`.
extern const SourceKind kind;

}  // namespace cdviz::sources::nats
