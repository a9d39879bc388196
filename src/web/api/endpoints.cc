#include "web/api/endpoints.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cctype>

#include <fmt/format.h>

#include "queries/library.h"

namespace cdviz::web::api {
namespace {

constexpr std::size_t kMarks = 2000;  // what a page can draw at once

constexpr std::array kEndpoints = {
    Endpoint{.path = "/state",
             .query = "state",
             .tag = "Matrix",
             .not_null = "service_id environment_id environment_tier environment_rank since age_s "
                         "kind event_uid",
             .rows_max = kMarks,
             .moved_by = kRuns | kOthers,
             .heavy = true},
    Endpoint{.path = "/drift",
             .query = "drift",
             .tag = "Matrix",
             .not_null = "service_id environment_id since upstream_environment_id",
             .rows_max = kMarks,
             .moved_by = kRuns | kOthers,
             .heavy = true},
    Endpoint{.path = "/environments",
             .query = "environments",
             .tag = "Matrix",
             .not_null = "environment_id label tier rank configured aliases services"},
    Endpoint{.path = "/services",
             .query = "services",
             .tag = "Matrix",
             .not_null = "service_id label labels environments",
             .rows_max = kMarks},
    Endpoint{.path = "/deployments",
             .query = "deployments",
             .tag = "Timeline",
             .not_null = "at environment_id environment_tier service_id kind inferred event_uid",
             .paging = Paging::before,
             .moved_by = kRuns | kOthers},
    Endpoint{.path = "/timeline",
             .query = "timeline",
             .tag = "Timeline",
             .not_null = "service_id environment_id environment_tier valid_from event_uid",
             .rows_max = kMarks,
             .moved_by = kRuns | kOthers},
    Endpoint{.path = "/timeline/lanes",
             .query = "lanes",
             .tag = "Timeline",
             .not_null = "service_id environment_id environment_tier valid_from n event_uid",
             .rows_max = 3 * kMarks,
             .moved_by = kRuns | kOthers,
             .heavy = true},
    Endpoint{.path = "/attempts",
             .query = "attempts",
             .tag = "Timeline",
             .not_null = "service_id environment_id state run_id kind run_key source",
             .moved_by = kRuns | kOthers},
    Endpoint{.path = "/artifacts/locations",
             .query = "artifact-locations",
             .tag = "Timeline",
             .not_null = "environment_id environment_tier service_id valid_from ran_s artifact_id "
                         "event_uid",
             .moved_by = kRuns | kOthers},
    Endpoint{.path = "/compare",
             .query = "compare",
             .tag = "Compare",
             .not_null = "service_id relation",
             .rows_max = kMarks,
             .moved_by = kRuns | kOthers,
             .heavy = true},
    Endpoint{.path = "/promotion",
             .query = "promotion",
             .tag = "Compare",
             .not_null = "service_id artifact_id first_in_a first_in_b took_s",
             .rows_max = kMarks,
             .moved_by = kRuns | kOthers,
             .heavy = true},
    Endpoint{.path = "/journey",
             .query = "journey",
             .tag = "Journey",
             .not_null = "at step subject subject_id via",
             .heavy = true},
    Endpoint{.path = "/search",
             .query = "search",
             .tag = "Journey",
             .not_null = "what id exact",
             .heavy = true},
    Endpoint{.path = "/events",
             .query = "events",
             .tag = "Events",
             .not_null = "time subject predicate type_version subject_id source event_id "
                         "violation_count late_s event_uid",
             .paging = Paging::before},
    Endpoint{.path = "/events/after",
             .query = "events-after",
             .tag = "Events",
             .not_null = "time subject predicate type_version subject_id source event_id "
                         "violation_count late_s event_uid",
             .paging = Paging::after},
    Endpoint{.path = "/events/since",
             .query = "events-since",
             .tag = "Events",
             .not_null = "ingest_seq time subject predicate type_version subject_id source "
                         "event_id violation_count late_s event_uid"},
    Endpoint{.path = "/events/newest",
             .query = "newest-event",
             .tag = "Events",
             .not_null = "ingest_seq time ingested_at event_uid"},
    Endpoint{.path = "/events/histogram",
             .query = "event-histogram",
             .tag = "Events",
             .not_null = "time subject n",
             .rows_max = kMarks,
             .heavy = true},
    Endpoint{.path = "/events/facets",
             .query = "event-facets",
             .tag = "Events",
             .not_null = "facet value n of_n",
             .heavy = true},
    Endpoint{.path = "/events/kinds",
             .query = "event-kinds",
             .tag = "Events",
             .not_null = "subject predicate n first_at last_at"},
    Endpoint{.path = "/events/types",
             .query = "event-types",
             .tag = "Events",
             .not_null = "subject source n first_day last_day",
             .rows_max = kMarks},
    Endpoint{.path = "/events/violations",
             .query = "violations",
             .tag = "Events",
             .not_null = "time source event_id subject predicate violation_count event_uid"},
    Endpoint{.path = "/events/conflicts",
             .query = "conflicts",
             .tag = "Events",
             .not_null = "last_seen_at source event_id seen first_seen_at event_uid",
             .kept = false},
    Endpoint{.path = "/events/{uid}",
             .query = "event",
             .tag = "Events",
             .not_null = "time ingested_at source event_id type payload",
             .path_parameter = {"uid", "uid"}},
    Endpoint{.path = "/pipelines",
             .query = "pipelines",
             .tag = "Pipelines",
             .not_null = "name runs success failure error cancelled open stuck recent_outcomes "
                         "recent_durations_s",
             .moved_by = kTests | kRuns,
             .heavy = true},
    Endpoint{.path = "/pipelines/{name}/runs",
             .query = "runs",
             .tag = "Pipelines",
             .not_null = "run_id state source run_key",
             .path_parameter = {"name", "name"},
             .rows_max = 500,
             .moved_by = kTests | kRuns},
    Endpoint{.path = "/runs",
             .query = "runs",
             .tag = "Pipelines",
             .not_null = "run_id state source run_key",
             .moved_by = kTests | kRuns},
    Endpoint{.path = "/runs/open",
             .query = "open-runs",
             .tag = "Pipelines",
             .not_null = "kind run_id state source",
             .moved_by = kTests | kRuns},
    Endpoint{.path = "/runs/{key}",
             .query = "run",
             .tag = "Pipelines",
             .not_null = "kind run_id state source run_key",
             .path_parameter = {"key", "key"},
             .moved_by = kTests | kRuns},
    Endpoint{.path = "/runs/{key}/tasks",
             .query = "runs",
             .tag = "Pipelines",
             .not_null = "run_id state source run_key",
             .path_parameter = {"parent", "key"},
             .fixed = {"kind", "taskrun"},
             .moved_by = kTests | kRuns},
    Endpoint{.path = "/runs/{key}/tree",
             .query = "run-tree",
             .tag = "Pipelines",
             .not_null = "depth kind run_id state source run_key",
             .path_parameter = {"key", "key"},
             .rows_max = kMarks,
             .moved_by = kTests | kRuns},
    Endpoint{.path = "/deployment-rules",
             .query = "deployment-rules",
             .tag = "Pipelines",
             .not_null = "rule priority kind pipeline service environment"},
    Endpoint{.path = "/tests/suites",
             .query = "test-suites",
             .tag = "Tests",
             .not_null = "day name runs success",
             .rows_max = kMarks,
             .moved_by = kTests,
             .heavy = true},
    Endpoint{.path = "/tests/environments",
             .query = "test-environments",
             .tag = "Tests",
             .not_null = "cases runs failures pass_rate failing_cases only_here",
             .moved_by = kTests,
             .heavy = true},
    Endpoint{.path = "/tests/cases",
             .query = "tests",
             .tag = "Tests",
             .not_null = "case_id state runs failures flips history environments",
             .moved_by = kTests,
             .heavy = true},
    Endpoint{.path = "/tests/cases/{id}",
             .query = "test-case",
             .tag = "Tests",
             .not_null = "run_id state source run_key",
             .path_parameter = {"id", "id"},
             .moved_by = kTests},
    Endpoint{.path = "/delivery",
             .query = "delivery",
             .tag = "Delivery",
             .not_null = "period since until",
             .heavy = true},
    Endpoint{.path = "/delivery/series",
             .query = "delivery-series",
             .tag = "Delivery",
             .not_null = "time deployments rollbacks",
             .heavy = true},
    Endpoint{.path = "/delivery/services",
             .query = "delivery-by-service",
             .tag = "Delivery",
             .not_null = "service_id deployments rollbacks",
             .rows_max = kMarks,
             .heavy = true},
    Endpoint{.path = "/delivery/deployments",
             .query = "delivery-deployments",
             .tag = "Delivery",
             .not_null = "at environment_id service_id kind failed unplanned event_uid",
             .heavy = true},
    Endpoint{.path = "/delivery/changes",
             .query = "lead-times",
             .tag = "Delivery",
             .not_null = "change_id service_id environment_id deployed_at event_uid",
             .heavy = true},
    Endpoint{.path = "/delivery/legs", .query = "lead-time-legs", .tag = "Delivery", .heavy = true},
    Endpoint{.path = "/incidents",
             .query = "incidents",
             .tag = "Incidents",
             .not_null = "incident_id open source",
             .moved_by = kRuns | kOthers,
             .heavy = true},
    Endpoint{.path = "/incidents/{id}",
             .query = "incidents",
             .tag = "Incidents",
             .not_null = "incident_id open source",
             .path_parameter = {"id", "id"},
             .moved_by = kRuns | kOthers},
    Endpoint{.path = "/incidents/{id}/suspects",
             .query = "incident-suspects",
             .tag = "Incidents",
             .not_null = "suspicion because service_id environment_id kind deployed_at event_uid",
             .path_parameter = {"id", "id"},
             .moved_by = kRuns | kOthers},
    Endpoint{.path = "/sources",
             .query = "sources",
             .tag = "Collector",
             .not_null = "source events events_today",
             .rows_max = kMarks,
             .heavy = true},
    Endpoint{.path = "/refused",
             .query = "refused",
             .tag = "Collector",
             .not_null = "at component component_kind code reason bytes collector number",
             .kept = false},
};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// The parameters of its query that an endpoint counts on.
std::vector<std::string> parameters_behind(const Endpoint& endpoint) {
  std::vector<std::string> names;
  for (const auto& fixed : {endpoint.path_parameter, endpoint.fixed}) {
    if (!fixed.parameter.empty()) names.emplace_back(fixed.parameter);
  }
  if (endpoint.paging == Paging::none) return names;
  const std::string name = endpoint.paging == Paging::before ? "before" : "after";
  names.insert(names.end(), {name, name + "_uid", "limit"});
  return names;
}

std::optional<std::string> mistake_in(const Endpoint& endpoint) {
  const auto* const query = queries::find(endpoint.query);
  if (query == nullptr)
    return fmt::format("{} asks the query {}, which the library has not{}", endpoint.path,
                       endpoint.query, queries::suggestion(endpoint.query));
  for (const auto& name : parameters_behind(endpoint)) {
    if (query->find(name) == nullptr)
      return fmt::format("{} counts on a parameter {} of the query {}, which has none",
                         endpoint.path, name, endpoint.query);
  }
  for (const auto name : words_of(endpoint.not_null)) {
    if (std::ranges::none_of(query->columns,
                             [&](const auto& column) { return column.name == name; }))
      return fmt::format("{} counts on a column {} of the query {}, which has none", endpoint.path,
                         name, endpoint.query);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> mistake_in(std::span<const Endpoint> table) {
  for (const auto& endpoint : table) {
    if (auto mistake = mistake_in(endpoint)) return mistake;
  }
  return std::nullopt;
}

std::span<const Endpoint> endpoints() { return kEndpoints; }

const queries::Query& query_of(const Endpoint& endpoint) {
  const auto* const query = queries::find(endpoint.query);
  assert(query != nullptr);
  return *query;
}

std::string_view public_name(std::string_view parameter) {
  if (parameter == "environment") return "env";
  return parameter == "not_environment" ? "not_env" : parameter;
}

std::vector<const queries::QueryParameter*> free_parameters(const Endpoint& endpoint) {
  std::vector<const queries::QueryParameter*> parameters;
  for (const auto& parameter : query_of(endpoint).parameters) {
    if (parameter.name == endpoint.path_parameter.parameter ||
        parameter.name == endpoint.fixed.parameter)
      continue;
    if (endpoint.paging == Paging::before &&
        (parameter.name == "before" || parameter.name == "before_uid"))
      continue;
    if (endpoint.paging == Paging::after &&
        (parameter.name == "after" || parameter.name == "after_uid"))
      continue;
    parameters.push_back(&parameter);
  }
  return parameters;
}

bool never_null(const Endpoint& endpoint, std::string_view column) {
  return std::ranges::count(words_of(endpoint.not_null), column) > 0;
}

std::string schema_name(std::string_view query) {
  std::string name;
  bool upper = true;
  for (const char c : query) {
    if (c == '-') {
      upper = true;
      continue;
    }
    name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return name + "Row";
}

}  // namespace cdviz::web::api
