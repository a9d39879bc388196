// What can be wrong with a document.
#pragma once

#include <string>

namespace cdviz {

/// One thing that is wrong with a document.
struct Problem {
  std::string pointer;  ///< JSON Pointer (RFC 6901) into the document; "" is the whole
  std::string rule;     ///< a short stable word: "required", "format", "json", "nul", "too_long"
  std::string message;  ///< for people: what was found, what was expected
  bool operator==(const Problem&) const = default;
};

}  // namespace cdviz
