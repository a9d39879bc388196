#pragma once

#include "core/component.h"

namespace cdviz::sinks::nats {

/// `type = "nats"`.
extern const SinkKind kind;

}  // namespace cdviz::sinks::nats
