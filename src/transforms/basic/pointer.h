// One value of a JSON text, by JSON Pointer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdviz::transforms::basic {

/// What a JSON Pointer (RFC 6901) leads to: a text without quotes and escapes, anything else as it
/// is written. Nothing when a step is absent, when the end is null, and when the text is no JSON.
std::optional<std::string> text_at(std::string_view json, std::string_view pointer);

/// True for "" and what begins with '/'.
bool is_pointer(std::string_view text);

}  // namespace cdviz::transforms::basic
