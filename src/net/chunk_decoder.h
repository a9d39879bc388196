// A body in chunks (RFC 9112 §7.1), decoded as its bytes come. Ours and not Beast's: that one has
// an assertion which a client can reach by sending the last chunk in two pieces, and takes forms
// that we refuse.
//
//   body    = *chunk 1*"0" [ ext ] CRLF *( field CRLF ) CRLF
//   chunk   = 1*HEXDIG [ ext ] CRLF data CRLF
//   ext     = ";" *( HTAB / SP / VCHAR )       trailer fields and extensions are checked and thrown
//   away
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/request_head.h"

namespace cdviz::net {

/// For one body. Not thread-safe.
class ChunkDecoder {
 public:
  struct Step {
    std::size_t taken = 0;  ///< all of the bytes, unless the body is complete or refused
    bool complete = false;
    std::optional<Refusal> refusal = {};
  };
  /// @param body       what was decoded is appended
  /// @param bytes_max  of the decoded body: a chunk that would go above is refused with 413 by its
  /// size already
  Step take(std::string_view bytes, std::uint64_t bytes_max, std::string& body);

 private:
  enum class State : std::uint8_t {
    size,
    extension,
    size_end,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_end,
    complete
  };
  std::optional<Refusal> take_byte(char c);
  std::optional<Refusal> take_size(char c);
  std::optional<Refusal> take_trailer_end();

  State state_ = State::size;
  std::uint64_t left_ = 0;       ///< of the chunk: the size while it is read, then the data's bytes
  unsigned digits_ = 0;          ///< of the size
  std::size_t extra_bytes_ = 0;  ///< of the chunk's extensions, or of the trailer
  std::string line_;             ///< of the trailer
};

}  // namespace cdviz::net
