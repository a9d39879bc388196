// date-time of RFC 3339 (https://www.rfc-editor.org/rfc/rfc3339#section-5.6).
#pragma once

#include <string_view>

namespace cdviz::cdevents {

/// True for a date-time that names a real moment: any offset up to ±23:59 (also -00:00), lower-case
/// t and z, any number of fraction digits, a leap second only at 23:59 UTC. A date alone, 24:00 or
/// a missing offset are not.
bool is_date_time(std::string_view text);

/// True for two date-times that name the same moment, to the last digit of the fraction, however
/// they are written: "…T12:00:00Z" and "…T13:00:00.0+01:00". False when one is no date-time.
bool is_same_moment(std::string_view a, std::string_view b);

}  // namespace cdviz::cdevents
