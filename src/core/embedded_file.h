// A file of the source tree that lives in the binary (cmake/embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace cdviz {

struct EmbeddedFile {
  std::string_view name;  ///< path relative to the folder it was embedded from
  std::string_view content;
};

}  // namespace cdviz
