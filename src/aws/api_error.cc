#include "aws/api_error.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>
#include <pugixml.hpp>

namespace cdviz::aws {
namespace {

constexpr std::size_t kMessageBytes = 300;
constexpr std::size_t kCodeBytes = 100;

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string result;
  for (const char c : text.substr(0, bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  // Not in the middle of a character.
  if (text.size() > bytes_max) {
    while (!result.empty() && (static_cast<unsigned char>(result.back()) & 0xC0U) == 0x80U) {
      result.pop_back();
    }
    if (!result.empty() && static_cast<unsigned char>(result.back()) >= 0x80U) result.pop_back();
  }
  return result;
}

/// "com.amazonaws.sqs#QueueDoesNotExist", "QueueDoesNotExist:http://…".
std::string_view bare(std::string_view code) {
  if (const auto colon = code.find(':'); colon != std::string_view::npos)
    code = code.substr(0, colon);
  if (const auto hash = code.rfind('#'); hash != std::string_view::npos)
    code = code.substr(hash + 1);
  return code;
}

ApiError read_xml(std::string_view body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return {};
  auto error = document.child("Error");                                     // S3
  if (!error) error = document.first_child().child("Error");                // STS: ErrorResponse
  if (!error) error = document.first_child().first_child().child("Error");  // Response/Errors
  return {error.child_value("Code"), error.child_value("Message")};
}

ApiError read_json(std::string_view body) {
  boost::system::error_code failed;
  const auto value = boost::json::parse(body, failed);
  if (failed || !value.is_object()) return {};
  const auto text = [&](std::initializer_list<std::string_view> names) {
    for (const auto name : names) {
      const auto* found = value.as_object().if_contains(name);
      if (found != nullptr && found->is_string()) {
        return std::string(std::string_view(found->as_string()));
      }
    }
    return std::string();
  };
  return {text({"__type", "code", "Code"}), text({"message", "Message"})};
}

}  // namespace

ApiError read_error(int status, const Headers& headers, std::string_view body) {
  ApiError error;
  const auto begin = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (begin != std::string_view::npos) {
    if (body[begin] == '<') error = read_xml(body);
    if (body[begin] == '{') error = read_json(body);
  }
  // SQS names in the header what its clients have always known it as; the body has a longer name.
  if (const auto named = headers.find("x-amzn-errortype"); named && error.code.empty()) {
    error.code = *named;
  }
  error.code = printable(bare(error.code), kCodeBytes);
  error.message = printable(error.message, kMessageBytes);
  if (error.code.empty()) {
    // An answer to HEAD has no body.
    error.code = status == 404   ? "NotFound"
                 : status == 412 ? "PreconditionFailed"
                 : status == 304 ? "NotModified"
                                 : "http_" + std::to_string(status);
  }
  return error;
}

bool is_throttling(int status, std::string_view code) {
  static constexpr std::array<std::string_view, 16> kCodes = {
      "SlowDown",
      "Throttling",
      "ThrottlingException",
      "ThrottledException",
      "RequestThrottled",
      "RequestThrottledException",
      "RequestLimitExceeded",
      "TooManyRequestsException",
      "TooManyRequests",
      "BandwidthLimitExceeded",
      "LimitExceededException",
      "PriorRequestNotComplete",
      "ProvisionedThroughputExceededException",
      "TransactionInProgressException",
      "EC2ThrottledException",
      "KmsThrottled"};
  return status == 429 || is_one_of(code, kCodes);
}

bool is_clock_skew(std::string_view code) {
  static constexpr std::array<std::string_view, 6> kCodes = {
      "RequestTimeTooSkewed",  "RequestExpired",     "InvalidSignatureException",
      "SignatureDoesNotMatch", "RequestInTheFuture", "AuthFailure"};
  return is_one_of(code, kCodes);
}

bool is_expired(std::string_view code) {
  static constexpr std::array<std::string_view, 5> kCodes = {
      "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken",
      "UnrecognizedClientException"};
  return is_one_of(code, kCodes);
}

Fault fault_of(int status, std::string_view code) {
  static constexpr std::array<std::string_view, 9> kThisOne = {"NoSuchKey",
                                                               "NoSuchVersion",
                                                               "NotFound",
                                                               "PreconditionFailed",
                                                               "NotModified",
                                                               "InvalidObjectState",
                                                               "MethodNotAllowed",
                                                               "ReceiptHandleIsInvalid",
                                                               "ConditionalRequestConflict"};
  if (is_throttling(status, code) || status >= 500 || status == 408 || status < 300) {
    return Fault::retry;
  }
  if (code == "RequestTimeout" || code == "InternalError" || code == "OperationAborted" ||
      is_expired(code) || code == "RequestTimeTooSkewed") {
    return Fault::retry;
  }
  return is_one_of(code, kThisOne) ? Fault::reject : Fault::stop;
}

}  // namespace cdviz::aws
