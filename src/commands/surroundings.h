// What components want to have around them, for commands that make them and run nothing.
#pragma once

#include <string>
#include <utility>

#include "core/clock.h"
#include "core/component.h"
#include "net/routes.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::commands {

/// Nothing listens.
class NoRoutes final : public net::Routes {
 public:
  Result<Registration> add(net::Route) override { return Registration{}; }
};

/// Outlives the components that are made with its services. Logs nothing.
struct Surroundings {
  SystemClock clock;
  telemetry::Metrics metrics;
  telemetry::Log log{{.level = telemetry::Level::off}, clock};
  NoRoutes routes;

  Services services(std::string name = {}) {
    return {std::move(name), clock, metrics, log, routes};
  }
};

}  // namespace cdviz::commands
