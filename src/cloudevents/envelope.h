// The members of a structured CloudEvent, read in one pass over the document.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/problem.h"

namespace cdviz::cloudevents {

/// A member of the document's root.
struct Member {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  std::string name;
  Kind kind = Kind::null;
  std::string_view json;  ///< as it stands in the document; lives as long as that
  std::string text = {};  ///< the characters of a string
};

/// @returns nothing when `document` is not a JSON object; then `problem` says why. What is inside
/// of arrays and objects is not looked at.
std::optional<std::vector<Member>> read_members(std::string_view document, Problem& problem);

}  // namespace cdviz::cloudevents
