#include "web/api/overview.h"

#include <fmt/format.h>

#include "core/json_text.h"
#include "queries/library.h"
#include "queries/statement.h"
#include "web/api/answer.h"
#include "web/api/moment.h"
#include "web/api/run_query.h"

namespace cdviz::web::api {
namespace {

constexpr std::size_t kRowsMax = 2000;

std::string text_or_null(std::string_view value) {
  return value.empty() ? "null" : json_string(value);
}

const char* boolean(bool value) { return value ? "true" : "false"; }

/// Named as the columns of "delivery" are.
std::string to_json(const References& references) {
  std::string out;
  for (const auto& [name, line] : {std::pair("deployments_per_day", references.deployments_per_day),
                                   std::pair("lead_time_p50_s", references.lead_time_s),
                                   std::pair("recovery_p50_s", references.recovery_s),
                                   std::pair("change_fail_rate", references.fail_rate),
                                   std::pair("rework_rate", references.rework_rate)}) {
    out += fmt::format("{}\"{}\":", out.empty() ? "{" : ",", name);
    out += line ? fmt::format("{}", *line) : "null";
  }
  return out + "}";
}

/// All rows of a query without parameters that must be given.
Result<std::string> rows_of(postgres::Connection& connection, std::string_view name, WallTime now) {
  const auto& query = *queries::find(name);
  auto statement = queries::statement_of(query, {}, now);
  if (!statement) return statement.error();
  statement->sql = fmt::format("select * from (\n{}\n) answer limit {}", statement->sql, kRowsMax);
  const auto rows = run_statement(connection, *statement);
  if (!rows) return rows.error();
  std::string list = "[";
  for (std::size_t row = 0; row < rows->size(); ++row) {
    if (row > 0) list += ',';
    append_row(list, query, *rows, row);
  }
  return list + "]";
}

}  // namespace

Result<Lists> read_lists(postgres::Connection& connection, WallTime now) {
  Lists lists;
  for (const auto& [name, list] :
       {std::pair("environments", &lists.environments), std::pair("services", &lists.services),
        std::pair("sources", &lists.sources), std::pair("event-kinds", &lists.event_kinds)}) {
    auto rows = rows_of(connection, name, now);
    if (!rows) return rows.error();
    *list = std::move(*rows);
  }
  const auto flags = connection.execute(
      "select has_table_privilege('cdviz.events_raw', 'select'), "
      "exists (select from cdviz.event_counts_daily where source like '/demo/%')");
  if (!flags) return flags.error();
  lists.payloads = flags->boolean(0, 0);
  lists.demo = flags->boolean(0, 1);
  return lists;
}

std::string to_json(const Lists& lists, const Around& around) {
  const auto& database = around.database;
  return fmt::format(
      R"({{"product":{{"name":"cdviz-collector","version":{}}},"started_at":{},)"
      R"("database":{{"configured":{},"available":{},"place":{},"error":{},"since":{}}},)"
      R"("demo":{},"features":{{"payloads":{},"live":{},"grafana_url":{},"references":{}}},)"
      R"("environments":{},"services":{},"sources":{},"event_kinds":{}}})",
      json_string(around.product_version), json_string(rfc3339(around.started_at)),
      boolean(database.configured), boolean(database.available), text_or_null(database.place),
      text_or_null(database.error), database.since ? json_string(rfc3339(*database.since)) : "null",
      boolean(lists.demo), boolean(lists.payloads), boolean(database.configured),
      text_or_null(around.grafana_url), to_json(around.references), lists.environments,
      lists.services, lists.sources, lists.event_kinds);
}

}  // namespace cdviz::web::api
