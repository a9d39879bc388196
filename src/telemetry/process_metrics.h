// The standard process_* metrics
// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics) and
// cdviz_build_info.
#pragma once

#include <string_view>

#include "telemetry/metrics.h"

namespace cdviz::telemetry {

/// Registers them. They are read from /proc at each scrape until the handle is destroyed.
/// @param version  of the program, for cdviz_build_info
[[nodiscard]] Metrics::Handle add_process_metrics(Metrics& metrics, std::string_view version);

}  // namespace cdviz::telemetry
