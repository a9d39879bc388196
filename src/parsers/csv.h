// A row of CSV (RFC 4180) as a JSON object.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cdviz::parsers {

/// Fields of a row; a row with more is refused.
inline constexpr std::size_t kCsvFields = 10'000;

/// The fields of one record, without their quotes. Lenient as programs are: a quote within a field
/// that does not begin with one is a character.
/// @param record  without the line end; a '\r' at its end belongs to that
/// @returns Fault::reject, code "csv": a quoted field that does not end, or goes on behind its
/// quotes; code "too_many" for too many fields
Result<std::vector<std::string>> csv_fields(std::string_view record);

/// Names for the fields of the rows: of two that are equal the second gets "_2", an empty one
/// "column_N".
std::vector<std::string> csv_names(std::vector<std::string> header);

/// {"name":"value",…}, all of them strings.
/// @returns Fault::reject, code "csv" when there are not as many fields as names; code "utf8"
Result<std::string> csv_object(const std::vector<std::string>& names,
                               const std::vector<std::string>& fields);

}  // namespace cdviz::parsers
