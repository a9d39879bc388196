// From [[schemas]], or files by their names, to what events are checked against.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cdevents/user_schemas.h"
#include "config/load.h"
#include "core/result.h"

namespace cdviz::commands {

/// What is wrong is added to the configuration's mistakes.
struct LoadedSchemas {
  std::shared_ptr<const cdevents::UserSchemas> schemas = {};  ///< null: there are none
  std::string fingerprint = {};  ///< changes with the configuration and with the files' bytes
};

/// Reads and compiles the files.
LoadedSchemas load_schemas(const config::Config& config);

/// Reads and compiles schemas that were named on a command line: FILE for every event, or
/// TYPE=FILE, where TYPE may hold "*".
Result<std::shared_ptr<const cdevents::UserSchemas>> load_schemas(
    const std::vector<std::string>& names);

}  // namespace cdviz::commands
