// The state of the collector as JSON, for /status, /readyz and the page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pipeline.h"
#include "queue/queue.h"

namespace cdviz::web {

/// Where events can be sent, for the page.
struct Endpoint {
  std::string name;  ///< of the source
  std::string url;   ///< "http://127.0.0.1:8080/webhook/000"
};

/// Everything that /status tells. No secrets, no payloads.
struct State {
  std::string_view version;
  WallTime started_at;
  WallTime now;
  queue::QueueStatus queue;
  std::vector<pipeline::ComponentStatus> components;
  std::vector<pipeline::RecentEvent> recent;
  std::vector<Endpoint> endpoints;
  bool draining = false;
};

/// Why the collector cannot accept events now; empty when it can. Sinks that are down are not among
/// the reasons: their events wait in the queue.
std::vector<std::string> reasons_not_ready(const State& state);

/// {"ready":…,"reasons":[…],"degraded":[…]}: degraded names the components that are not well.
std::string readiness_json(const State& state);

/// The whole state: the format is described in docs/operating.md.
std::string status_json(const State& state);

}  // namespace cdviz::web
