// XML 1.0 as a JSON object. The shape is that of the existing collector:
//
//   <root id="1">text<child/></root>
//   {"root":{"@id":"1","#c":[{"child":{}}],"#t":"text"}}
//
// "#c" holds the child elements in their order, "#t" the text without the space around it; each is
// there only if there is something. Comments and instructions are left out. No entity is ever
// expanded but the five of XML itself, and nothing is fetched.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"

namespace cdviz::parsers {

/// Elements within each other: each is three levels of JSON, of which limits::kJsonDepth are
/// allowed.
inline constexpr std::size_t kXmlDepth = 42;

/// UTF-8, UTF-16, UTF-32 or Latin-1, as the document says.
/// @returns Fault::reject, code "xml": not well-formed, entities declared; "too_deep"; "too_many"
/// values; "utf8"
Result<std::string> xml_to_json(std::string_view bytes);

}  // namespace cdviz::parsers
