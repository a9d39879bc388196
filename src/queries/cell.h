// Values of an answer, from PostgreSQL's text form to what people and programs read. Times are in
// UTC: the session's TimeZone must be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdviz::queries {

/// True for a column type (query.h) that holds a number.
bool is_number(std::string_view type);

/// PostgreSQL's "2026-01-31 12:00:00.5+00" as RFC 3339. What is no such time stays ("infinity").
std::string time_of(std::string_view text);

/// The same with exactly three digits behind the second; more are cut.
std::string time_in_milliseconds(std::string_view text);

/// The elements of PostgreSQL's `{a,"b \" c",NULL}`.
std::vector<std::optional<std::string>> elements_of(std::string_view text);

/// Appends the value as JSON: numbers, booleans, arrays and jsonb as such, times by time_of. A
/// number that is none (NaN, infinity) becomes null.
void append_json(std::string& out, std::string_view type, std::string_view text);

/// Appends the value as a field of CSV (RFC 4180). Text that a spreadsheet would take for a formula
/// has a ' in front (https://owasp.org/www-community/attacks/CSV_Injection).
void append_csv(std::string& out, std::string_view type, std::string_view text);

}  // namespace cdviz::queries
