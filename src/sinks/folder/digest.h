// A short name for some bytes.
#pragma once

#include <string>
#include <string_view>

namespace cdviz::sinks::folder {

/// The first 128 bits of the SHA-256 (FIPS 180-4), as 32 lower-case hexadecimal digits: nobody can
/// make two texts that have the same.
std::string digest_of(std::string_view bytes);

}  // namespace cdviz::sinks::folder
