#pragma once

#include "core/component.h"

namespace cdviz::sinks::standard_output {

/// `type = "stdout"`.
extern const SinkKind kind;

}  // namespace cdviz::sinks::standard_output
