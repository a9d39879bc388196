// The description of /api/v1 (OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0), made of the table
// of endpoints, the headers of the queries, and openapi.base.json for what no query answers.
#pragma once

#include <string>

namespace cdviz::web::api {

/// As docs/api/openapi.json holds it: with line ends, ends with one.
std::string description();

}  // namespace cdviz::web::api
