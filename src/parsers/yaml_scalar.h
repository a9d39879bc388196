// What a plain scalar of YAML means: the core schema of YAML 1.2.2 (§10.3.2).
#pragma once

#include <string>
#include <string_view>

namespace cdviz::parsers {

/// As a JSON value: null, true, false, a number, or else a string. Numbers keep their digits; what
/// JSON has no notation for (.inf, .nan, integers of more than 64 bits in hexadecimal or octal, a
/// leading zero) stays the string that it is.
/// @param text  UTF-8
std::string yaml_plain_scalar(std::string_view text);

}  // namespace cdviz::parsers
