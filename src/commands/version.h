// The version of this program, for --version, /status and cdviz_build_info.
#pragma once

#include <string_view>

namespace cdviz::commands {

inline constexpr std::string_view kVersion = CDVIZ_VERSION;

}  // namespace cdviz::commands
