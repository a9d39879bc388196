// What the collector answers besides its sources: health, metrics, status and the page.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/result.h"
#include "net/routes.h"
#include "telemetry/metrics.h"
#include "web/status.h"

namespace cdviz::web {

/// GET /livez /healthz /readyz /metrics for everybody; /status and the page at / only for this
/// machine, until there is authentication (docs/operating.md).
class Site {
 public:
  /// @param state  called on network threads: must not block
  /// @returns Fault::stop when a path is taken
  static Result<std::unique_ptr<Site>> make(net::Routes& routes, telemetry::Metrics& metrics,
                                            std::function<State()> state);
  ~Site() = default;

 private:
  Site() = default;
  std::vector<net::Routes::Registration> registrations_;
};

/// True when a request comes from this machine and names it as the host: a page of another site,
/// whose name was made to point here (DNS rebinding), names itself.
bool is_local(const net::RequestHead& head);

}  // namespace cdviz::web
