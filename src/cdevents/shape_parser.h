// From the notation of the vocabulary's table to shapes.
#pragma once

#include <span>
#include <string_view>

#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {

/// @param text  a shape as vocabulary_table.h describes it
/// @param names  further names that `text` may use; they go before those of the table
/// Throws std::logic_error when it is not one: the table is part of the program.
Shape parse_shape(std::string_view text, std::span<const NamedShape> names = {});

}  // namespace cdviz::cdevents
