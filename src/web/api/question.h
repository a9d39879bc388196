// From the target of a request to a question of the library, checked: nothing that is wrong gets to
// the database, and whatever a user gives is only ever bound.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event.h"
#include "core/result.h"
#include "queries/statement.h"
#include "web/api/endpoints.h"

namespace cdviz::web::api {

inline constexpr std::size_t kParametersMax = 200;   ///< more: 400
inline constexpr std::size_t kValueBytesMax = 4096;  ///< of one value; more: 400
inline constexpr std::size_t kCsvRowsMax = 100'000;  ///< rows of an export

/// Name and value of the parameters of a query, decoded ('+' is a space), in their order.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// @param query  behind '?', as it came
/// @returns Fault::reject for a wrong escape or too much
Result<Parameters> parameters_of(std::string_view query);

enum class Form : std::uint8_t { json, csv };

/// What is asked.
struct Question {
  const Endpoint* endpoint = nullptr;
  const queries::Query* query = nullptr;
  queries::Given given;  ///< for queries::statement_of
  Form form = Form::json;
  std::size_t rows_max = 0;                 ///< of this answer; the statement may give one more
  std::optional<std::string> from, to, at;  ///< RFC 3339, for meta; those that the question has
  /// Names the question and the time it is asked at, rounded: the same text, the same answer as
  /// long as the data are the same.
  std::string key;
};

/// An endpoint and what stood in its braces, decoded.
struct Match {
  const Endpoint* endpoint = nullptr;
  std::string value;
};

/// @param path  below /api/v1, as it came, without .csv; starts with '/'
std::optional<Match> match(std::string_view path);

/// @param value       of the path's braces
/// @param parameters  access_token is left aside
/// @returns Fault::reject with the parameter's name as `code`
Result<Question> question_of(const Endpoint& endpoint, const std::string& value,
                             const Parameters& parameters, Form form, WallTime now);

/// The statement to run: what the question asks, with at most one row more than it may have.
Result<queries::Statement> statement_of(const Question& question, WallTime now);

}  // namespace cdviz::web::api
