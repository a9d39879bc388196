// Sections and kinds that have one of everything, for the tests of config.
#pragma once

#include "config/catalogue.h"

namespace cdviz::config::testing {

const Catalogue& catalogue();

}  // namespace cdviz::config::testing
