// AWS Signature Version 4
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html), in headers. Pure:
// from a request to the headers that it needs.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "core/event.h"
#include "core/headers.h"

namespace cdviz::aws {

/// A request before it is signed. Nothing in it is encoded: what is signed and what is sent come
/// from the same place.
struct Request {
  std::string method = "GET";
  std::string path = "/";  ///< begins with a slash
  std::vector<std::pair<std::string, std::string>> query = {};
  Headers headers = {};  ///< all are signed; without those that sign() adds
  std::string body = {};
};

/// Which of the two ways to write the path down is signed.
enum class Paths : std::uint8_t {
  normalised,  ///< dot segments resolved, then encoded twice: every service but S3
  as_sent,     ///< encoded once: S3, where "a//../b" is a key
};

struct Scope {
  std::string region;   ///< "eu-west-1"
  std::string service;  ///< the name it is signed for: "s3", "sqs", "ecr", "sts"
};

/// Path and query as they are sent: percent-encoded, the query sorted.
std::string target_of(const Request& request);

/// SHA-256 in small hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// "20150830T123600Z".
std::string amz_date(WallTime time);

/// The headers that make `request` a signed one: X-Amz-Date, Authorization, X-Amz-Security-Token
/// with temporary credentials, and X-Amz-Content-Sha256 for S3 (Paths::as_sent).
/// @param host  as in the Host header: with the port, unless it is the scheme's own
Headers signature_of(const Request& request, std::string_view host, const Credentials& credentials,
                     const Scope& scope, Paths paths, WallTime at);

/// Step 1 of the specification, for tests and for whoever has to find out why a server disagrees.
/// @param signed_headers  is set to their names: "host;x-amz-date"
std::string canonical_request(const Request& request, const Headers& headers, Paths paths,
                              std::string_view payload_hash, std::string& signed_headers);

}  // namespace cdviz::aws
