// From the headers of HTTP, Kafka and NATS to those of a message (attributes.h).
#pragma once

#include <cstdint>
#include <vector>

#include "core/headers.h"
#include "core/problem.h"

namespace cdviz::cloudevents {

/// Each has a binding of its own:
/// https://github.com/cloudevents/spec/tree/main/cloudevents/bindings
enum class Transport : std::uint8_t {
  http,   ///< ce-NAME, percent-encoded; datacontenttype is Content-Type
  kafka,  ///< ce_NAME, plain UTF-8; datacontenttype is content-type
  nats,   ///< ce-NAME, percent-encoded; datacontenttype is ce-datacontenttype
};

struct AttributeHeaders {
  Headers headers;                ///< empty if the headers are not those of a CloudEvent
  std::vector<Problem> problems;  ///< with any, the message cannot be used; for Message.problems
};

/// What the headers of a transport say of a CloudEvent: in binary mode its attributes and
/// content-type, in structured and batch mode content-type alone, as the document says the rest.
/// Names compare without case, of several with one name the last counts. A value that cannot be
/// decoded stays as it came.
AttributeHeaders attribute_headers(Transport transport, const Headers& headers);

}  // namespace cdviz::cloudevents
