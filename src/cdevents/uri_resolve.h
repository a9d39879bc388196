// What a relative reference means at a place (RFC 3986 §5.2).
#pragma once

#include <string>
#include <string_view>

namespace cdviz::cdevents {

/// @param base  an absolute URI
/// @param reference  a URI reference; without a fragment
/// @returns the URI that is meant, without a fragment
std::string resolve_uri(std::string_view base, std::string_view reference);

}  // namespace cdviz::cdevents
