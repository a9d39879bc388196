// From [[schemas]] to what events are checked against.
#pragma once

#include <memory>
#include <string>

#include "cdevents/user_schemas.h"
#include "config/load.h"

namespace cdviz::commands {

/// What is wrong is added to the configuration's mistakes.
struct LoadedSchemas {
  std::shared_ptr<const cdevents::UserSchemas> schemas = {};  ///< null: there are none
  std::string fingerprint = {};  ///< changes with the configuration and with the files' bytes
};

/// Reads and compiles the files.
LoadedSchemas load_schemas(const config::Config& config);

}  // namespace cdviz::commands
