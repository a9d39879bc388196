// The source that reads events from Kafka. See docs/sources/kafka.md.
#pragma once

#include "core/component.h"

namespace cdviz::sources::kafka {

/// `type = "kafka"`.
extern const SourceKind kind;

}  // namespace cdviz::sources::kafka
