// openapi.base.json, embedded into the binary (cmake/embed.cmake).
#pragma once

#include <span>

#include "core/embedded_file.h"

namespace cdviz::web::api::base_description {

/// The one file.
std::span<const EmbeddedFile> files();

}  // namespace cdviz::web::api::base_description
