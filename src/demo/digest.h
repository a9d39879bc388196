// Names made of content: the same text has the same name.
#pragma once

#include <string>
#include <string_view>

namespace cdviz::demo {

/// SHA-256 in 64 hexadecimal digits.
std::string hex_digest(std::string_view text);

/// The start of the same as a UUID of version 8 (RFC 9562 §5.8).
std::string uuid_of(std::string_view text);

}  // namespace cdviz::demo
