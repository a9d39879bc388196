// What the registered types of package URLs prescribe (https://www.packageurl.org/purl-types/).
#pragma once

#include <string>

#include "cdevents/purl.h"

namespace cdviz::cdevents {

/// Capital letters of ASCII become small ones; the types that ask for it have no others.
void lower_ascii(std::string& text);

/// Puts the parts into the form that the type prescribes.
void apply_type_rules(Purl& purl);

}  // namespace cdviz::cdevents
