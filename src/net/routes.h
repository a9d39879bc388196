// What the collector's HTTP server offers to those who answer requests. No Asio here: handlers are
// plain functions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/headers.h"
#include "core/result.h"

namespace cdviz::net {

class BodyStream;

/// What is known of a request before its body is read.
struct RequestHead {
  std::string method;  ///< "GET", "POST", …
  std::string path;    ///< the target up to '?', as it came (not percent-decoded); starts with '/'
  std::string query;   ///< behind '?', as it came; may hold an access_token: never log it
  Headers headers;
  std::string remote_address;  ///< "127.0.0.1:54321"
};

struct Request : RequestHead {
  std::string body;  ///< as on the wire after chunked decoding; Content-Encoding is not undone
};

struct Response {
  int status = 200;
  std::string content_type = {};  ///< empty: no Content-Type
  std::string body = {};
  Headers headers =
      {};  ///< besides Content-Type, Content-Length, Date, Connection, which the server sets
  /// When set: the body comes from it, bit by bit, instead of `body`; the connection closes behind
  /// it. For HEAD it is abandoned at once.
  std::shared_ptr<BodyStream> stream = {};
};

/// A problem document (RFC 9457, application/problem+json).
/// @param detail  what is wrong with this request and how to mend it; empty: left out
/// @param extension  more members as JSON text without braces, for example `"event":3`; empty: none
Response problem(int status, std::string_view title, std::string_view detail = {},
                 std::string_view extension = {});

/// Answers one request. Callable once, from any thread, also after the connection has gone. If
/// every copy is destroyed without a call, the server answers 500: no path can forget.
using Reply = std::function<void(Response)>;

struct Route {
  std::string method;                ///< "GET" also serves HEAD
  std::string path;                  ///< exact, or ends with "/*": everything below
  std::uint64_t body_bytes_max = 0;  ///< more: 413 before it is read. 0: no body
  /// Looks at the head before the body is read (authentication). A Response ends the request with
  /// it. May be empty.
  std::function<std::optional<Response>(const RequestHead&)> admit = {};
  /// Runs on a network thread: never blocks. Exceptions become 500.
  std::function<void(Request, Reply)> handle;
  std::string component_id = {};  ///< label of its metrics; empty: the path
};

/// The routes of a running server. Safe to call from any thread.
class Routes {
 public:
  virtual ~Routes() = default;
  /// Removes the route when destroyed; requests under way still end. Waits for calls of `admit` and
  /// `handle` that run at that moment, so that what they use may be destroyed next: do not destroy
  /// it in one of them.
  using Registration = std::shared_ptr<void>;
  /// @returns Fault::stop when method and path are taken
  [[nodiscard]] virtual Result<Registration> add(Route route) = 0;
};

}  // namespace cdviz::net
