// The pages, embedded into the binary (cmake/embed.cmake).
#pragma once

#include <span>

#include "core/embedded_file.h"

namespace cdviz::web::pages {

/// Every file of dashboard/dist.
std::span<const EmbeddedFile> files();

}  // namespace cdviz::web::pages
