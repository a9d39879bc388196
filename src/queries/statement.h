// A query with the values of its parameters. Values are bound: nothing that a user gives becomes
// part of the SQL.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/event.h"
#include "core/result.h"
#include "queries/query.h"

namespace cdviz::queries {

/// What was given: by the parameter's name, one value or (text[]) more.
using Given = std::map<std::string, std::vector<std::string>, std::less<>>;

struct Statement {
  std::string sql;                  ///< with $1, $2, …, each cast to its type
  std::vector<std::string> values;  ///< in PostgreSQL's text form; bind them without a type
};

/// @returns Fault::reject for a parameter that is not known, is missing, or has a wrong value
Result<Statement> statement_of(const Query& query, const Given& given, WallTime now);

/// The same statement with its values in it as literals, for people: it can be pasted into psql.
/// Never run it for them.
Result<std::string> readable(const Query& query, const Given& given, WallTime now);

}  // namespace cdviz::queries
