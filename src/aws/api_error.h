// What a service answers when it does not do what it was asked to: XML (S3, STS), JSON (SQS, ECR),
// or nothing but a status. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/headers.h"
#include "core/result.h"

namespace cdviz::aws {

struct ApiError {
  std::string code = {};     ///< "NoSuchKey", "ThrottlingException"; "http_404" where none is given
  std::string message = {};  ///< the service's own, at most 300 bytes, without control characters
};

/// Of an answer with another status than 2xx. Never fails: what is no error of AWS has its status
/// as code.
ApiError read_error(int status, const Headers& headers, std::string_view body);

/// Retry for what is busy or broken at their end, reject for what concerns one object alone (it is
/// gone, or another one by now), stop for the rest: keys, permissions, names, regions.
Fault fault_of(int status, std::string_view code);

/// The service asks us to come less often.
bool is_throttling(int status, std::string_view code);
/// Our clock and theirs differ.
bool is_clock_skew(std::string_view code);
/// Temporary credentials are over: there may be newer ones.
bool is_expired(std::string_view code);

}  // namespace cdviz::aws
