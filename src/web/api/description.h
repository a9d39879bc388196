// The description of /api/v1 (OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0), made of the table
// of endpoints, the headers of the queries, and openapi.base.json for what no query answers.
#pragma once

#include <string>

#include "core/result.h"

namespace cdviz::web::api {

/// As docs/api/openapi.json holds it: with line ends, ends with one.
/// @returns Fault::stop when the table of endpoints is wrong (mistake_in)
Result<std::string> description();

}  // namespace cdviz::web::api
