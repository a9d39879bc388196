// From the bytes on the wire to the documents in them: media type, content coding, splitting. Pure
// functions; each refusal is the Response that the sender gets.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "cloudevents/attributes.h"
#include "core/headers.h"
#include "net/content_coding.h"
#include "net/routes.h"
#include "parsers/split.h"

namespace cdviz::sources::http {

using parsers::Documents;
using parsers::Framing;

/// What the headers say about the body.
struct BodyFormat {
  Framing framing = Framing::automatic;
  net::Coding coding = net::Coding::identity;
  cloudevents::Mode mode = cloudevents::Mode::none;
};

/// Reads Content-Type and Content-Encoding. Lenient about the type, as senders are careless: all
/// but what is surely not JSON (multipart, images, XML, …) is tried. A CloudEvent is one document
/// however it looks, but for a batch, which is an array.
/// @returns 415 when the body can be refused without reading it
std::variant<BodyFormat, net::Response> body_format(const Headers& headers);

/// Undoes the coding.
/// @returns 400 when it is damaged, 413 when more than `bytes_max` would come out
std::variant<std::string, net::Response> decoded_body(BodyFormat format, std::string wire,
                                                      std::uint64_t bytes_max);

/// @returns 400 for an empty body, 413 for too many documents; a malformed body is one document
std::variant<Documents, net::Response> documents_of(BodyFormat format, std::string_view body);

}  // namespace cdviz::sources::http
