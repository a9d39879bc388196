// The options of [log].
#pragma once

#include <span>

#include "core/option.h"

namespace cdviz::telemetry {

/// level, format, components.
std::span<const Option> log_options();

}  // namespace cdviz::telemetry
