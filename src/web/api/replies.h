// The parts that every answer of the API has: security headers, problem documents, what a failure
// of the database means to a client.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "net/routes.h"

namespace cdviz::web::api {

/// Headers that keep an answer from being used as anything but what it is
/// (https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html).
void harden(net::Response& response);

inline constexpr std::size_t kCodedFrom = 1'024;  ///< bytes of JSON that are worth coding

/// `json`, or what gzip makes of it (RFC 1952) if the client takes that and it is worth it. The
/// replies below tell one from the other.
std::string coded(std::string json, bool gzip);
/// The same for an answer of this moment that is made already.
void code(net::Response& response, bool gzip);

/// JSON that may be kept and must be asked about again. @param body  as coded() made it
net::Response json_reply(std::string body, std::string_view etag);
/// JSON of this moment. @param body  as coded() made it
net::Response json_reply(std::string body);
/// 304 Not Modified.
net::Response unchanged(std::string_view etag);

/// @param type  urn:cdviz:problem:TYPE; empty: the status says all
net::Response problem_reply(int status, std::string_view title, std::string_view detail,
                            std::string_view type = {}, std::string_view parameter = {});

/// A parameter that is wrong: 400. @param error  of question_of()
net::Response wrong_reply(const Error& error);
/// What PostgreSQL said, or why it is not there.
net::Response failure_reply(const Error& error);
/// Too much at once: 429 with Retry-After.
net::Response busy_reply(std::string_view detail);

}  // namespace cdviz::web::api
