// The section [pipeline] of the configuration.
#pragma once

#include <span>

#include "core/option.h"

namespace cdviz::pipeline {

/// drain_timeout → Settings::drain_timeout. (`confirm` is an option of [queue].)
std::span<const Option> pipeline_options();

}  // namespace cdviz::pipeline
