// The collector as a running program: what `connect` and `up` have in common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/load.h"
#include "web/status.h"

namespace cdviz::commands {

/// What became known when the collector began to accept events.
struct Ready {
  std::string url;                       ///< "http://127.0.0.1:8080", of the page
  std::vector<web::Endpoint> endpoints;  ///< of the sources that take events over HTTP
};

struct RunRequest {
  /// Called for the first start and at each SIGHUP, so that the files are read anew.
  std::function<config::Input()> input;
  /// Called on the main thread. May be empty.
  std::function<void(const Ready&)> on_ready = {};
  /// Called when the collector begins to stop, before it drains. May be empty.
  std::function<void()> on_stopping = {};
};

/// Runs until SIGINT or SIGTERM, then drains; a second signal ends the process at once. SIGHUP
/// reads the configuration anew and keeps the old one when there is something wrong with it. Called
/// once, on the main thread, before other threads exist: it blocks the signals for all of them.
/// @returns the exit code: 0 when every sink has everything, 75 (EX_TEMPFAIL) when events are left
/// on disk for the next
///          start, 78 (EX_CONFIG) for mistakes in the configuration, 1 for everything else
int run_collector(const RunRequest& request);

}  // namespace cdviz::commands
