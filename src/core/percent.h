// Percent-encoding: any bytes in the characters of a URI (RFC 3986 §2.1), and in other texts that
// borrow it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdviz {

/// The unreserved characters beside letters and digits (RFC 3986 §2.3): right for one segment of a
/// path, one name or value of a query.
inline constexpr std::string_view kUnreserved = "-._~";
/// For a path whose slashes stay.
inline constexpr std::string_view kUnreservedAndSlash = "-._~/";

/// Every byte as %XX, in capitals, but letters, digits and the characters of `kept`. It can be
/// undone when '%' is not one of those.
std::string percent_encoded(std::string_view text, std::string_view kept = kUnreserved);

/// The same behind what `out` has.
void append_percent_encoded(std::string& out, std::string_view text,
                            std::string_view kept = kUnreserved);

/// Undoes %XX, in either case. '+' stays a plus sign.
/// @returns nothing when an escape is cut short or is not hexadecimal
std::optional<std::string> percent_decoded(std::string_view text);

/// The same, but what is no escape stays as it is.
std::string percent_decoded_where_encoded(std::string_view text);

}  // namespace cdviz
