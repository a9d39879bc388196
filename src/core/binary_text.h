// Bytes written as text: hexadecimal and base64 (RFC 4648).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cdviz {

enum class BinaryText : std::uint8_t {
  hex,     ///< either case
  base64,  ///< the standard alphabet or the one for URLs, with padding or without
};

/// @returns nothing when `text` holds anything else, white space included
std::optional<std::string> decode_text(BinaryText encoding, std::string_view text);

/// In lower case hexadecimal, or in base64's standard alphabet with padding.
std::string encode_text(BinaryText encoding, std::string_view bytes);

}  // namespace cdviz
