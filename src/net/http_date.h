// Dates as HTTP writes them (RFC 9110 §5.6.7), always in English and GMT.
#pragma once

#include <string>

#include "core/event.h"

namespace cdviz::net {

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(WallTime time);

}  // namespace cdviz::net
