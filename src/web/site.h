// What the collector answers besides its sources: health, metrics, status and the page.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/result.h"
#include "net/routes.h"
#include "telemetry/metrics.h"
#include "web/access.h"
#include "web/status.h"

namespace cdviz::web {

/// GET /livez /healthz /readyz /metrics for everybody; /status and the page at / for those who may
/// see the dashboard (docs/operating.md).
class Site {
 public:
  /// @param state  called on network threads: must not block
  /// @returns Fault::stop when a path is taken
  static Result<std::unique_ptr<Site>> make(
      net::Routes& routes, telemetry::Metrics& metrics, std::function<State()> state,
      std::shared_ptr<const Access> access = std::make_shared<const Access>());
  ~Site() = default;

 private:
  Site() = default;
  std::vector<net::Routes::Registration> registrations_;
};

}  // namespace cdviz::web
