// What the answer to a request means for what was in it.
#pragma once

#include <string>

#include "core/result.h"
#include "net/http_pool.h"

namespace cdviz::sinks::http {

/// A pure function.
///
///   2xx                          stored
///   408, 421, 425, 429, 5xx      retry, with Retry-After; likewise when there is no answer
///   401, 403, 404, 405, 407,     stop: credentials, URL or format are wrong for every event, or
///   (410) 410, 415, any redirect       the other end wants no more; no event is to blame other 4xx
///   reject: this event is not wanted
///
/// @param place  the origin of the URL, for the message
/// @returns an Error with the code "http_STATUS", "timeout", "network", "tls", "redirect" or
/// "request"
Result<void> meaning_of(const net::HttpOutcome& outcome, const std::string& place);

/// What an answer of RFC 9457 (application/problem+json) says for people, on one line of at most
/// 300 bytes; empty for any other.
std::string detail_of(const net::HttpOutcome& outcome);

}  // namespace cdviz::sinks::http
