// The files below transformers/ that the program brings (cmake/embed.cmake).
#pragma once

#include <span>

#include "core/embedded_file.h"

namespace cdviz::transforms::lua::shipped {

std::span<const EmbeddedFile> files();

}  // namespace cdviz::transforms::lua::shipped
