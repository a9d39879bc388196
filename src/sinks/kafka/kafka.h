// The sink that writes events to Kafka. See docs/sinks/kafka.md.
#pragma once

#include "core/component.h"

namespace cdviz::sinks::kafka {

/// `type = "kafka"`.
extern const SinkKind kind;

}  // namespace cdviz::sinks::kafka
