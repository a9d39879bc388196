// The head of an HTTP/1.1 request as bytes: where it ends, and the strict rules (RFC 9112) that
// keep two programs in a row from reading two different requests out of the same bytes (request
// smuggling). Pure functions. They refuse what Beast's parser, which reads the head afterwards,
// would let pass or would not tell apart.
//
//   head = method SP target SP "HTTP/" DIGIT "." DIGIT CRLF *( name ":" value CRLF ) CRLF
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cdviz::net {

/// Bytes of a request's target; longer ones are refused with 414.
inline constexpr std::size_t kTargetBytesMax = 8192;
/// Fields of a head; more are refused with 431.
inline constexpr std::size_t kFieldsMax = 128;

/// Why a request is refused before any handler sees it. The connection closes: its next byte cannot
/// be trusted.
struct Refusal {
  int status = 400;
  std::string_view detail;  ///< a constant text
};

struct HeadEnd {
  std::size_t size =
      0;  ///< bytes up to and with the empty line; 0: more are needed, if there is no refusal
  std::optional<Refusal> refusal = {};
};

/// Looks for the end of the head that `bytes` starts with. Refuses at once what can never become a
/// head: line ends that are not CRLF, a first byte that no method has (a TLS client on a plain
/// port), more than `bytes_max`.
/// @param line_start  where the line under way starts: 0 for a new head, then kept by this function
/// between calls
HeadEnd find_head_end(std::string_view bytes, std::size_t bytes_max, std::size_t& line_start);

/// Checks a head whose end was found: the request line, and of each field line that it is not
/// folded, has a name without spaces, and holds no control character.
std::optional<Refusal> check_head(std::string_view head);

/// Checks one field line, without its CRLF.
std::optional<Refusal> check_field_line(std::string_view line);

/// A control character, which no field may hold. A bare CR is one; HTAB and bytes above 0x7f
/// (obs-text) are let pass.
bool is_control(char c);

/// Whether `text` is a token (RFC 9110 §5.6.2): a method or the name of a field.
bool is_token(std::string_view text);

}  // namespace cdviz::net
