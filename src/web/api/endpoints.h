// The table of /api/v1: what is asked, by which query of the library (database/queries). Routes,
// checks of parameters, CSV, ETags and the description (docs/api/openapi.json) come from it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queries/query.h"
#include "web/api/data_versions.h"

namespace cdviz::web::api {

/// A parameter of a query that an endpoint always gives, or takes from its path.
struct Fixed {
  std::string_view parameter;  ///< of the query
  std::string_view value;      ///< the value; for path_parameters: the name in braces
};

/// Pages by (time, event_uid).
enum class Paging : std::uint8_t {
  none,
  before,  ///< newest first: the query has before and before_uid
  after,   ///< oldest first: it has after and after_uid
};

/// One question of the API. Plain data, living for ever.
struct Endpoint {
  std::string_view path;   ///< below /api/v1; may hold one "{name}"
  std::string_view query;  ///< of the library: gives parameters, columns, types and units
  std::string_view tag;    ///< the view that it is for: "Matrix", "Events", …
  /// Columns that never are null, separated by spaces; for the description's types.
  std::string_view not_null = {};
  Fixed path_parameter = {};  ///< which parameter of the query the braces stand for
  Fixed fixed = {};           ///< a parameter that cannot be chosen
  /// Most rows of one answer in JSON; the query's own `limit` starts from it when it has one.
  std::size_t rows_max = 500;
  Paging paging = Paging::none;
  /// Whether the answer changes only with the version of the data, and the clock.
  bool kept = true;
  /// The events that may change it; others leave an answer that was kept as right as it was.
  Families moved_by = kEverything;
  bool heavy = false;  ///< counts against the limit of concurrent heavy queries
};

/// All, in the order of the description.
std::span<const Endpoint> endpoints();

/// What is wrong with a table of endpoints, for whoever edits it: a query or a parameter that the
/// library has not, a column that the query has not. Nothing when it is right. Without this, what
/// follows would fail on the first question.
std::optional<std::string> mistake_in(std::span<const Endpoint> table);

/// The endpoint's query. It exists: mistake_in() was asked at the start.
const queries::Query& query_of(const Endpoint& endpoint);

/// The name of a query's parameter in the API: "env" for "environment", else the same.
std::string_view public_name(std::string_view parameter);

/// Parameters that a request may give besides the path: by the query's own name.
std::vector<const queries::QueryParameter*> free_parameters(const Endpoint& endpoint);

/// True for a column that is never null.
bool never_null(const Endpoint& endpoint, std::string_view column);

/// "StateRow" for "state", "EventHistogramRow" for "event-histogram".
std::string schema_name(std::string_view query);

}  // namespace cdviz::web::api
