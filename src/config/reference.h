// The pages and the schema that are made from the option tables (`cdviz-collector reference`).
#pragma once

#include <string>
#include <vector>

#include "config/catalogue.h"

namespace cdviz::config {

struct Page {
  std::string name;  ///< of the file, without a folder
  std::string text;
};

/// configuration.md, a source-KIND.md or sink-KIND.md for each kind, and configuration.schema.json.
/// Always the same for the same tables.
std::vector<Page> reference(const Catalogue& catalogue);

/// JSON Schema (https://json-schema.org/draft/2020-12) of a configuration file, for editors.
/// Nothing but "type" is required: another layer may give the rest.
std::string json_schema(const Catalogue& catalogue);

}  // namespace cdviz::config
