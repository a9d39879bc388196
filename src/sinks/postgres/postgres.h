#pragma once

#include "core/component.h"

namespace cdviz::sinks::postgres {

/// `type = "postgres"`.
extern const SinkKind kind;
/// `type = "db"`: the same, for files written for the existing collector.
extern const SinkKind kind_db;

}  // namespace cdviz::sinks::postgres
