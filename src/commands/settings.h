// From checked sections to the settings of the parts that do not know the configuration.
#pragma once

#include "config/options.h"
#include "pipeline/pipeline.h"
#include "queue/queue.h"

namespace cdviz::commands {

/// [queue].
queue::QueueSettings queue_settings(const config::Options& queue);

/// [pipeline], and `confirm` of [queue].
pipeline::Settings pipeline_settings(const config::Options& pipeline, const config::Options& queue);

}  // namespace cdviz::commands
