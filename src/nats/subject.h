// Subjects (https://docs.nats.io/nats-concepts/subjects): tokens separated by dots.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdviz::nats {

/// Longest subject that we send: it shares the server's max_control_line (4 KiB) with others.
inline constexpr std::size_t kSubjectBytes = 1024;

/// What keeps a text from being a subject to publish to ("holds a wildcard"); nothing if it is one.
std::optional<std::string_view> fault_of_subject(std::string_view subject);

/// The same for a subject to subscribe to: "*" may be a token, ">" the last one.
std::optional<std::string_view> fault_of_filter(std::string_view filter);

/// The same for the name of a stream or consumer: a single token without path separators.
std::optional<std::string_view> fault_of_name(std::string_view name);

/// Makes any text fit to be a part of a subject. Dots between other characters stay: they make
/// tokens. All that is not a letter, a digit or one of -_~:/@+=,;!#& is percent-encoded, and dots
/// that would make an empty token are; an empty text becomes "_".
std::string encode_subject_part(std::string_view text);

/// A filter for all subjects of a template ("cdevents.{type}"): the whole tokens before its first
/// place, then ">". Nothing when it has a place in its first token.
std::optional<std::string> filter_of_template(std::string_view text);

}  // namespace cdviz::nats
