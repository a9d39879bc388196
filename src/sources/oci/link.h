// Where the next page of a listing is: the Link header (RFC 8288) with rel="next", as registries
// send it (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#listing-tags).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace cdviz::sources::oci {

/// @param origin  "https://registry.example.com:5000": pages of other origins are not fetched, they
///                would get our credentials
/// @returns the path and query of the next page ("/v2/_catalog?last=x&n=100"); nothing when there
///          is none; Fault::retry for a link that cannot be followed: the listing is not complete
Result<std::optional<std::string>> next_page(std::string_view header, std::string_view origin);

}  // namespace cdviz::sources::oci
