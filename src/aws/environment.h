// The variables that AWS's own tools look at, as data.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace cdviz::aws {

/// Names to values; those that are not set are not there.
using Environment = std::map<std::string, std::string, std::less<>>;

/// HOME and every AWS_… of this process, as they are now. Call it before threads change them, if
/// any do.
Environment process_environment();

/// Empty if it is not set.
std::string variable(const Environment& environment, std::string_view name);

}  // namespace cdviz::aws
