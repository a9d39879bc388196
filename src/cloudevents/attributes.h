// CloudEvents (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) as headers of a
// message: whatever the transport, an attribute NAME is the header "ce-NAME" with its plain value,
// and the type of the data is "content-type". What follows from these headers alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/headers.h"

namespace cdviz::cloudevents {

inline constexpr std::string_view kPrefix = "ce-";
inline constexpr std::string_view kContentType = "content-type";
/// More than any CloudEvent has, extensions and data included; beyond, it is refused, as each name
/// is looked up among the others.
inline constexpr std::size_t kMembers = 256;

/// How a CloudEvent travels.
enum class Mode : std::uint8_t {
  none,        ///< it is no CloudEvent
  binary,      ///< attributes as headers, the body is the data
  structured,  ///< one document with the attributes and the data
  batch,       ///< an array of such documents
};

/// By the content type, else by the four required attributes. Takes HTTP's own headers too, as
/// their names are the same.
Mode mode_of(const Headers& headers);

/// True if a structured or batch content type says that the document is JSON, or says nothing.
bool is_json_format(std::string_view content_type);

/// A media type in lower case without its parameters: "application/json".
std::string essence_of(std::string_view content_type);

/// True for application/json, text/json and whatever ends with "+json"; and for nothing at all.
bool is_json_type(std::string_view content_type);

/// True for 1 or more of a–z and 0–9.
bool is_attribute_name(std::string_view name);

/// True for the attributes of the specification itself; the others are extensions.
bool is_context_attribute(std::string_view name);

/// What keeps a text from being an attribute's value: "is not UTF-8", "holds a control character",
/// "holds a noncharacter". Nothing when it may be one.
std::optional<std::string_view> fault_of_text(std::string_view text);

/// The value of the attribute `name` among the headers of a message.
std::optional<std::string_view> attribute(const Headers& headers, std::string_view name);

/// The name of the attribute that a header is, as it stands in the header; empty if it is none.
std::string_view attribute_name(std::string_view header);

/// The headers that a checked event keeps of those of its message: extensions stay; the attributes
/// of the specification, which the event says itself, and the content type go. A trace context
/// that came as an extension stands in for a missing traceparent header.
Headers headers_to_send_on(Headers headers);

}  // namespace cdviz::cloudevents
