// An attribute's value in a header of HTTP or NATS
// (https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md
// §3.1.3.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdviz::cloudevents {

/// Percent-encodes space, '"', '%' and all that is not U+0021 to U+007E, with upper-case hex.
std::string encode_header_value(std::string_view text);

/// The sender should have encoded it: bytes that are not UTF-8 by themselves are taken for ISO
/// 8859-1, as the JavaScript SDK sends them. Undoes double quotes around the value, with their
/// backslashes, then one round of percent-encoding. A '%' that two hexadecimal digits do not follow
/// stays: many senders do not encode it.
/// @returns nothing when what was encoded is not UTF-8
std::optional<std::string> decode_header_value(std::string_view value);

}  // namespace cdviz::cloudevents
