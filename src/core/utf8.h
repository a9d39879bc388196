// UTF-8 (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace cdviz {

/// Length of the character that starts `text` (§4); 0 if there is none. Overlong forms, surrogates
/// and what is beyond U+10FFFF are no characters.
std::size_t utf8_length(std::string_view text);

/// True if all of `text` is characters.
bool is_utf8(std::string_view text);

}  // namespace cdviz
