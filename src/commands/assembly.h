// From a checked configuration to the parts of a pipeline.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"
#include "core/component.h"
#include "pipeline/pipeline.h"
#include "telemetry/log.h"
#include "web/status.h"

namespace cdviz::commands {

/// Makes every enabled source and sink. Nothing is opened. What is wrong is added to the
/// configuration's mistakes: look at config.valid() before using the parts.
pipeline::Parts make_parts(const config::Config& config, const Services& services);

/// Where the enabled webhooks take events, below `base_url`.
std::vector<web::Endpoint> endpoints_of(const config::Config& config, const std::string& base_url);

/// [log].
telemetry::Log::Settings log_settings(const config::Options& options);

}  // namespace cdviz::commands
