// Undoes the Content-Encoding of a request's body (RFC 9110 §8.4.1): gzip (RFC 1952) and deflate
// (RFC 1950; bare RFC 1951 too, because some senders mean that), with a limit to what comes out;
// and codes answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/headers.h"

namespace cdviz::net {

enum class Coding : std::uint8_t { identity, gzip, deflate };

/// What the Content-Encoding of a request says. Nothing for a coding we do not know, and for more
/// than one: nobody sends that but to make a small body very large.
std::optional<Coding> content_coding(const Headers& headers);

enum class DecodeFailure : std::uint8_t {
  broken,     ///< not of that format, damaged, cut short, or with something behind it
  too_large,  ///< more bytes than allowed
};

/// The body with its coding undone. Takes no more memory than 1 MiB beyond `bytes_max`, however
/// much would come out, and stops as soon as more would come.
std::variant<std::string, DecodeFailure> decode_body(Coding coding, std::string body,
                                                     std::uint64_t bytes_max);

/// True if an Accept-Encoding takes gzip (RFC 9110 §12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

/// `content` as gzip (RFC 1952), or empty when that is not smaller.
/// @param level  1 (fast) to 9 (small), as zlib has them; 1 codes about 100 MB/s of JSON
std::string gzip(std::string_view content, int level);

}  // namespace cdviz::net
