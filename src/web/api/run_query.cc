#include "web/api/run_query.h"

#include <vector>

#include "queries/library.h"

namespace cdviz::web::api {

Result<postgres::Rows> run_statement(postgres::Connection& connection,
                                     const queries::Statement& statement) {
  std::vector<postgres::Parameter> parameters;
  parameters.reserve(statement.values.size());
  for (const auto& value : statement.values)
    parameters.push_back(postgres::Parameter::inferred(value));
  return connection.execute(statement.sql, parameters);
}

Result<postgres::Rows> run_query(postgres::Connection& connection, std::string_view name,
                                 const queries::Given& given, WallTime now) {
  const auto statement = queries::statement_of(*queries::find(name), given, now);
  if (!statement) return statement.error();
  return run_statement(connection, *statement);
}

Result<DataVersion> data_version(postgres::Connection& connection, WallTime now) {
  const auto rows = run_query(connection, "data-version", {}, now);
  if (!rows) return rows.error();
  DataVersion version;
  for (std::size_t row = 0; row < rows->size(); ++row) {
    for (std::size_t column = 0; column < rows->columns(); ++column) {
      if (column > 0) version.text += '.';
      version.text += rows->text(row, column);
      if (rows->name(column) == "events") version.events = rows->integer(row, column);
    }
  }
  return version;
}

}  // namespace cdviz::web::api
