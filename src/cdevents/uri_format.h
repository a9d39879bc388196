// URI and URI reference of RFC 3986 (https://www.rfc-editor.org/rfc/rfc3986#appendix-A), exactly.
#pragma once

#include <string_view>

namespace cdviz::cdevents {

/// An absolute URI, with or without a fragment: "https://example.org/a", "urn:a:b". Not: a relative
/// reference, spaces, characters beyond ASCII, "%" without two hex digits.
bool is_uri(std::string_view text);

/// A URI or a relative reference; also the empty text. "/a/b", "a?b#c", "//host"; "1:b" is none: a
/// colon in the first segment would be that of a scheme.
bool is_uri_reference(std::string_view text);

}  // namespace cdviz::cdevents
