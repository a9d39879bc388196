// The id of an event that came without one: made from its content, so that the same event sent
// again has the same id.
#pragma once

#include <string>
#include <string_view>

namespace cdviz::cdevents {

/// A CIDv1 in base32 (https://github.com/multiformats/cid; codec raw, SHA-256: "bafkrei…") of
/// canonical_json(). The existing cdviz-collector, which is written in Rust, names such events the
/// same way, so that those which it has stored are known again.
/// @param json  a JSON object that a parser has accepted; its context.id is left out
/// @returns empty when the text is no JSON or beyond the limits (core/limits.h)
std::string content_id(std::string_view json);

/// The document as Rust's serde_json prints its values: compact, the members of each object sorted
/// by the bytes of their names, of several with one name the last; integers of 64 bits as they are,
/// other numbers as the shortest decimal that reads back as the same double ("1.10" is 1.1, "1e2"
/// is 100.0, from 1e16 with an exponent). Numbers beyond a double, which it could not read, stay as
/// they are written. Without context.id. Empty for what is no JSON.
std::string canonical_json(std::string_view json);

}  // namespace cdviz::cdevents
