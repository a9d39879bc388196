// The configuration as it was understood, for people (`config print`).
#pragma once

#include <string>

#include "config/catalogue.h"
#include "config/load.h"

namespace cdviz::config {

/// TOML that says the same as all layers together, with the origin of each value as a comment.
/// Secrets, values that came from a `KEY_file` and passwords in URLs are "***".
std::string print(const Config& config, const Catalogue& catalogue);

/// `text` as a TOML string that interpolation gives back as it is.
std::string toml_string(std::string_view text);

}  // namespace cdviz::config
