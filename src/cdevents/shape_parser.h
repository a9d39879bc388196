// From the notation of the vocabulary's table to shapes.
#pragma once

#include <string_view>

#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {

/// @param text  a shape as vocabulary_table.h describes it
/// Throws std::logic_error when it is not one: the table is part of the program.
Shape parse_shape(std::string_view text);

}  // namespace cdviz::cdevents
