// The formats and patterns that texts in an event must have.
#pragma once

#include <string_view>

#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {

/// How the specification's schemas name it and what it is, for people.
struct FormatName {
  std::string_view rule;     ///< "format" or "pattern", the keyword of JSON Schema
  std::string_view name;     ///< "date-time"; for a pattern the regular expression (ECMA-262)
  std::string_view meaning;  ///< "an RFC 3339 date-time with an offset, for example …"
};

/// Anything but Format::none.
FormatName name_of(Format format);

/// Every text has Format::none.
bool has_format(std::string_view text, Format format);

}  // namespace cdviz::cdevents
