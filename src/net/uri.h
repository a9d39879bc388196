// The parts of a URI that a request needs (RFC 3986): the parameters of a query.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdviz::net {

/// The first parameter called `name` of a query such as "a=1&b=x%20y", as browsers write it
/// (application/x-www-form-urlencoded: '+' is a space). May be a secret: do not log it.
/// @param query  without '?', not decoded
/// @returns the decoded value, "" for a name without '='; nothing when it is absent or badly
/// escaped
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace cdviz::net
