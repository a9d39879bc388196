// What /meta answers: everything that a page needs to begin.
#pragma once

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

/// What the program knows.
struct Around {
  std::string product_version;
  WallTime started_at;
  Availability database;
  std::string grafana_url;
};

/// Asks the queries of the library, at most 2,000 rows of each.
Result<Lists> read_lists(postgres::Connection& connection, WallTime now);

/// The "data" of the answer.
std::string to_json(const Lists& lists, const Around& around);

}  // namespace cdviz::web::api
