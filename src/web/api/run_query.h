// A query of the library, run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/event.h"
#include "core/result.h"
#include "postgres/connection.h"
#include "queries/statement.h"

namespace cdviz::web::api {

/// @param statement  of queries::statement_of, or made of one
Result<postgres::Rows> run_statement(postgres::Connection& connection,
                                     const queries::Statement& statement);

/// @param name  of a query that there is
Result<postgres::Rows> run_query(postgres::Connection& connection, std::string_view name,
                                 const queries::Given& given, WallTime now);

/// The version of all data that the views show (the query "data-version").
struct DataVersion {
  std::string text;         ///< the same text, the same answers, but for the clock
  std::int64_t events = 0;  ///< that are stored
};
Result<DataVersion> data_version(postgres::Connection& connection, WallTime now);

}  // namespace cdviz::web::api
