// YAML (1.1 and 1.2, as libyaml reads it) as JSON: mappings are objects, sequences arrays; plain
// scalars are what the core schema says (yaml_scalar.h), so that "no" and "1.10.0" are strings, and
// numbers keep their digits. Aliases are replaced by what they stand for; tags but those of the
// core schema are left out, and merge keys ("<<") are keys like others.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cdviz::parsers {

struct YamlDocuments {
  std::vector<std::string> json;  ///< one for each document
  /// What is wrong with the one behind them: Fault::reject, code "yaml", "too_deep" or "too_large".
  std::optional<Error> failed = {};
};

/// @param json_bytes_max  of all documents: aliases of aliases make much out of little
YamlDocuments yaml_to_json(std::string_view bytes, std::size_t json_bytes_max);

}  // namespace cdviz::parsers
