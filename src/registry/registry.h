// What this program is made of. A new component adds its line in registry.cc, and nowhere else:
// registering itself from its own file would vanish when the linker drops an object that nobody
// names.
#pragma once

#include "config/catalogue.h"

namespace cdviz::registry {

/// The sections and kinds that a configuration may hold.
config::Catalogue catalogue();

}  // namespace cdviz::registry
