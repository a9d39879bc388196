// [sinks.NAME.filter]
#pragma once

#include "config/options.h"
#include "pipeline/filter.h"

namespace cdviz::commands {

/// @param sink  options with those of config::sink_options(); what is wrong is reported to it
pipeline::Filter filter_of(const config::Options& sink);

}  // namespace cdviz::commands
