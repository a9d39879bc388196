// Writing JSON by hand where an answer is small and the path is hot.
#pragma once

#include <string>
#include <string_view>

namespace cdviz {

/// Appends `text` as a JSON string with its quotes (RFC 8259 §7). Bytes that are not UTF-8 become
/// U+FFFD, so that the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

/// `text` as a JSON string, as append_json_string() writes it.
std::string json_string(std::string_view text);

/// `json` for people: a member or element a line, two spaces a level, a line end behind it. Tokens
/// are kept byte for byte.
/// @param json  assumed to be JSON; anything else comes out as harmless nonsense
std::string indented_json(std::string_view json);

}  // namespace cdviz
