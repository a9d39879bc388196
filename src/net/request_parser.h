// From bytes to a Request, over Beast's parser. Sans-io: no socket, no waiting.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/chunk_decoder.h"
#include "net/request_head.h"
#include "net/routes.h"

namespace cdviz::net {

/// What the head says about the connection and the body.
struct Framing {
  bool is_http_1_1 = true;
  bool keep_alive = true;  ///< by version and Connection
  bool expects_continue = false;
  bool has_body = false;
  std::optional<std::uint64_t> content_length = {};  ///< nothing when chunked
};

/// Parses one request after the other. Not thread-safe.
class RequestParser {
 public:
  RequestParser();
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Starts a new request with its whole head (find_head_end).
  /// @param request  filled with method, path, query and headers; an absolute target's authority
  /// replaces Host
  /// @returns nothing when all is well; then framing() is known
  std::optional<Refusal> head(std::string_view bytes, Request& request);
  const Framing& framing() const;

  using BodyStep = ChunkDecoder::Step;
  /// Takes bytes of the body, until it is complete or refused.
  /// @param bytes_max  of a body in chunks; a Content-Length is the caller's to check
  /// @param body       what was decoded is appended
  BodyStep body(std::string_view bytes, std::uint64_t bytes_max, std::string& body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::net
