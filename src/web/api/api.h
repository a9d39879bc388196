// /api/v1: read-only answers for the dashboard, as docs/api.md and docs/api/openapi.json describe
// them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "net/routes.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "web/api/database.h"
#include "web/api/overview.h"
#include "web/api/playground.h"
#include "web/status.h"

namespace cdviz::web::api {

struct ApiSettings {
  DatabaseSettings database = {};
  std::filesystem::path queue = {};  ///< its directory, for the dead letters
  std::string grafana_url = {};      ///< for links; empty: none
  References references = {};        ///< lines of the delivery view
  std::size_t kept_bytes_max = std::size_t{8} * 1024 * 1024;  ///< answers that are kept
};

/// What the API needs of the program around it. All outlive it.
struct Surroundings {
  net::Routes& routes;
  const Clock& clock;
  telemetry::Metrics& metrics;
  telemetry::Log& log;
  std::function<State()> state;  ///< called on network threads: must not block
  /// Who may ask: a Response for those who may not. Called on network threads.
  std::function<std::optional<net::Response>(const net::RequestHead&)> admit;
  Scripting scripting = {};  ///< for /playground
};

class Api {
 public:
  /// Opens no connection: the first question does.
  /// @returns Fault::stop when a path is taken
  static Result<std::unique_ptr<Api>> make(ApiSettings settings, const Surroundings& around);
  virtual ~Api() = default;

  /// Ends streams, answers what waits with 503, and lets what runs end. The routes stay until the
  /// Api is destroyed.
  virtual void stop() = 0;
};

}  // namespace cdviz::web::api
