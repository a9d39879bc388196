// Cuts a body that is in memory into documents: one JSON object, the elements of a JSON array, or
// the lines of NDJSON (https://jsonlines.org). Looks only at strings and brackets; every document
// keeps its bytes, and what is inside of it is for the inlet to judge.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/limits.h"

namespace cdviz::parsers {

/// How the sender says that the body is framed.
enum class Framing : std::uint8_t {
  automatic,  ///< it does not say: an array, several lines of JSON, or one document
  json,       ///< one JSON text: an array's elements count as documents
  lines,      ///< NDJSON: each non-empty line is a document
  whole,      ///< one document, whatever it looks like
};

struct Documents {
  enum class Form : std::uint8_t {
    empty,      ///< nothing but white space: no documents
    single,     ///< one document
    array,      ///< the elements of an array, perhaps none
    lines,      ///< the non-empty lines
    malformed,  ///< not JSON as a whole: one document, the whole body, for the dead letters
    too_many,   ///< more than the limit: no documents
  };
  Form form = Form::empty;
  std::vector<std::string_view> parts;  ///< views into the body, without white space around them
};

/// Time is linear in the body, memory one bit for each open bracket and a view for each document.
/// A byte order mark at the start is left out.
Documents split(std::string_view body, Framing framing,
                std::size_t documents_max = limits::kBatchEvents);

}  // namespace cdviz::parsers
