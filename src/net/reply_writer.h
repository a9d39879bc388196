// From a Response to the bytes on the wire.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "net/routes.h"

namespace cdviz::net {

/// The Date field's value, made once a second. Not thread-safe: one a thread.
class DateCache {
 public:
  explicit DateCache(const Clock& clock) : clock_(clock) {}
  std::string_view text();

 private:
  const Clock& clock_;
  std::chrono::seconds second_{-1};
  std::string text_;
};

/// How the connection goes on, and what kind of request is answered.
struct ReplyForm {
  bool is_head = false;      ///< the request was HEAD: the length of the body, but no body
  bool is_http_1_0 = false;  ///< keep-alive must be said
  bool keep_alive = true;
  bool streamed = false;  ///< the length is not known: chunks (RFC 9112 §7.1), or up to the end
};

/// Appends status line and fields. A field with a name or value that is not allowed on the wire,
/// and those the server sets itself, are left out. Puts the body behind when it is small: one
/// buffer is cheaper than two.
/// @returns whether response.body is still to be sent
bool append_reply(std::string& out, const Response& response, const ReplyForm& form,
                  std::string_view date);

/// "Not Found" for 404.
std::string_view reason_phrase(int status);

}  // namespace cdviz::net
