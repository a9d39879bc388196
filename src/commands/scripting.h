// The scripts that can be tried out on the page and by POST /api/v1/playground.
#pragma once

#include "web/api/playground.h"

namespace cdviz::commands {

/// Those that the program brings, and the engine for any other, with its usual limits.
web::api::Scripting scripts_to_try();

}  // namespace cdviz::commands
