#include "registry/registry.h"

#include <array>

#include "pipeline/options.h"
#include "sinks/postgres/postgres.h"
#include "sinks/stdout/stdout.h"
#include "sources/http/webhook.h"
#include "telemetry/options.h"

namespace cdviz::registry {

config::Catalogue catalogue() {
  static const std::array kSections = {
      config::Section{"log", "What the collector tells about itself on standard error.",
                      telemetry::log_options()},
      config::Section{"pipeline", "From the sources through the queue to the sinks.",
                      pipeline::pipeline_options()},
  };
  static constexpr std::array kSources = {
      &sources::http::kind,
  };
  static constexpr std::array kSinks = {
      &sinks::postgres::kind,
      &sinks::postgres::kind_db,
      &sinks::standard_output::kind,
  };
  return {kSections, kSources, kSinks};
}

}  // namespace cdviz::registry
