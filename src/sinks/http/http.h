#pragma once

#include "core/component.h"

namespace cdviz::sinks::http {

/// `type = "http"`.
extern const SinkKind kind;

}  // namespace cdviz::sinks::http
