// What /meta answers: everything that a page needs to begin.
#pragma once

#include <optional>
#include <string>

#include "core/event.h"
#include "core/result.h"
#include "postgres/connection.h"
#include "web/api/database.h"

namespace cdviz::web::api {

/// What the database knows of it, as JSON; empty lists before it was asked.
struct Lists {
  std::string environments = "[]";
  std::string services = "[]";
  std::string sources = "[]";
  std::string event_kinds = "[]";
  bool demo = false;
  bool payloads = false;  ///< the login may read cdviz.events_raw
};

/// Lines that the delivery view draws, as configured; those that are not are not drawn.
struct References {
  std::optional<double> deployments_per_day = {};
  std::optional<double> lead_time_s = {};
  std::optional<double> recovery_s = {};
  std::optional<double> fail_rate = {};    ///< 0 to 1
  std::optional<double> rework_rate = {};  ///< 0 to 1
};

/// What the program knows.
struct Around {
  std::string product_version;
  WallTime started_at;
  Availability database;
  std::string grafana_url;
  References references = {};
};

/// Asks the queries of the library, at most 2,000 rows of each.
Result<Lists> read_lists(postgres::Connection& connection, WallTime now);

/// The "data" of the answer.
std::string to_json(const Lists& lists, const Around& around);

}  // namespace cdviz::web::api
