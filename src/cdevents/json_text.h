// What a JSON parser does not tell, or tells too late, found in the text itself (RFC 8259).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cdviz::cdevents {

/// An escape that is legal JSON but names no character a database can store: \u0000 or a lone
/// surrogate.
struct BadEscape {
  std::size_t offset;  ///< of the backslash
  bool nul;            ///< else a lone surrogate
};

/// The first one of them. Assumes nothing about the rest of the text; never reads beyond it.
std::optional<BadEscape> find_bad_escape(std::string_view json);

/// How many values a document has at the most: one more than the commas and colons outside strings.
std::size_t count_values(std::string_view json);

/// A copy in which every number is replaced by 0, padded with spaces: numbers beyond 64 bits or the
/// range of a double are legal, and a parser that reads them into one refuses them. For looking at
/// the structure only; the text is what is kept. Text that is no number by the grammar stays, so
/// that it is still refused.
std::string without_numbers(std::string_view json);

}  // namespace cdviz::cdevents
