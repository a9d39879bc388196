// How two texts differ, line by line, for people.
#pragma once

#include <string>
#include <string_view>

namespace cdviz::commands {

/// The lines that differ, with '-' and '+' before them and up to three lines around that do not;
/// "…" for what is left out. Above 4,000 lines on a side: all of one, then all of the other.
/// @param colours  with the escape sequences of a terminal
std::string line_diff(std::string_view before, std::string_view after, bool colours);

}  // namespace cdviz::commands
