// One question to the database: a file of database/queries, a header in comments and one statement.
//
//   -- Which version of each service runs where?                       the title, one line
//   --
//   -- A paragraph or more: how to read the answer.                    the purpose
//   --
//   -- example: cdviz-collector query state --at 2026-01-31            any number
//   -- parameter at timestamptz = now(): The moment                    any number, in order
//   -- parameter service text[] = null: Only these services; all without
//   -- column service_id text: The service                             at least one, in order
//   -- column age_s double precision (seconds): Since when it runs
//   --   more text of the line above
//   select … where d.at <= :at and (:service is null or d.service_id = any (:service))
//
// A parameter stands in the statement as :name, bare, wherever an expression may stand (not in a
// string, a quoted name or a comment). Its type comes from the header. A default is SQL of the
// file; without one the parameter must be given. A value is only ever bound: see statement.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cdviz::queries {

/// The types that parameters may have, by PostgreSQL's own name.
enum class Type : std::uint8_t {
  text,
  text_list,  ///< text[]: may be given more than once
  moment,     ///< timestamptz: see value.h for what is understood
  integer,    ///< bigint
  number,     ///< double precision
  boolean,
  uuid,
  duration,  ///< interval
};

/// "timestamptz".
std::string_view to_string(Type type);

struct QueryParameter {
  std::string name;
  Type type = Type::text;
  std::string fallback;  ///< SQL; empty: must be given
  std::string text;

  bool required() const { return fallback.empty(); }
};

struct QueryColumn {
  std::string name;
  std::string type;  ///< as PostgreSQL's format_type() says it, but timestamptz for the long name
  std::string unit;  ///< "seconds", "per day", …; empty: none
  std::string text;
};

struct Query {
  std::string name;     ///< of the file, without .sql
  std::string title;    ///< a question, one line
  std::string purpose;  ///< paragraphs; may be empty
  std::vector<std::string> examples;
  std::vector<QueryParameter> parameters;
  std::vector<QueryColumn> columns;
  std::string statement;  ///< with :names, without the header and the last semicolon

  const QueryParameter* find(std::string_view parameter) const;
};

/// @param name  for messages too
/// @returns Fault::stop with "name:line: what is wrong"
Result<Query> parse_query(std::string_view name, std::string_view text);

/// A piece of a statement: SQL as it is, or the name of a parameter.
struct Piece {
  bool parameter = false;
  std::string_view text;  ///< of the statement; a parameter without its colon
};

/// Cuts a statement at its parameters. Knows strings, quoted names, dollar quotes, comments and
/// casts (https://www.postgresql.org/docs/15/sql-syntax-lexical.html).
std::vector<Piece> pieces_of(std::string_view statement);

}  // namespace cdviz::queries
