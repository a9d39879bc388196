// Sends signed requests to one service of AWS, or one that speaks like it.
//
//   aws::Client ecr({.scope = {"eu-west-1", "ecr"}, .endpoint = endpoint_of("ecr", "eu-west-1")},
//                   credentials, clock);
//   auto answer = ecr.call("AmazonEC2ContainerRegistry_V20150921.DescribeImages", body, stop,
//   "1.1");
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "core/clock.h"
#include "core/headers.h"
#include "core/result.h"
#include "net/http_fetcher.h"

namespace cdviz::aws {

struct ClientSettings {
  Scope scope = {};                 ///< region and service that requests are signed for
  Paths paths = Paths::normalised;  ///< Paths::as_sent for S3
  std::string endpoint = {};        ///< "https://sqs.eu-west-1.amazonaws.com"; no path
  std::string ca_file = {};         ///< PEM; empty: the system's authorities
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{60'000};        ///< of one attempt
  std::chrono::milliseconds stall_timeout{15'000};  ///< no byte for so long ends an attempt
  unsigned attempts_max = 5;
  std::chrono::milliseconds pause_max{5'000};  ///< between two attempts, unless they ask for more
  std::size_t answer_bytes_max = std::size_t{8} << 20;
};

/// An answer with a status of 2xx.
struct Answer {
  int status = 0;
  Headers headers = {};
  std::string body = {};
  bool cut = false;  ///< longer than answer_bytes_max
};

/// "https://SERVICE.REGION.amazonaws.com", as the service's and the region's partition have it.
/// @param service  the one of Scope
std::string endpoint_of(std::string_view service, std::string_view region);

/// One thread at a time, over connections that are kept.
class Client {
 public:
  /// @param credentials  null: requests are not signed (public buckets)
  /// @param clock        outlives the client
  Client(ClientSettings settings, std::shared_ptr<CredentialsProvider> credentials,
         const Clock& clock);

  /// Signs and sends. What is busy, throttled, broken or cut is tried again, with a pause that
  /// grows and is at least as long as Retry-After says; with newer credentials when these have
  /// expired; with the server's time when our clock is wrong.
  /// @param timeout  of one attempt, for a long poll; 0: that of the settings
  /// @returns the error of the last attempt: `code` is the service's own ("NoSuchKey"), or
  /// "network"; what its fault means is told by fault_of (api_error.h)
  Result<Answer> send(const Request& request, const std::stop_token& stop,
                      std::chrono::milliseconds timeout = {});

  /// A call of the JSON protocols: POST / with X-Amz-Target.
  /// @param target   "AmazonSQS.ReceiveMessage"
  /// @param version  "1.0" or "1.1"
  /// @returns the answer's body, JSON as text
  Result<std::string> call(std::string_view target, std::string body, const std::stop_token& stop,
                           std::string_view version = "1.0",
                           std::chrono::milliseconds timeout = {});

  const ClientSettings& settings() const { return settings_; }

 private:
  struct Attempt;
  Result<Answer> attempt(const Request& request, const std::stop_token& stop,
                         std::chrono::milliseconds timeout, Attempt& about);
  bool wait(unsigned tries, const Error& error, const std::stop_token& stop);

  const ClientSettings settings_;
  const std::string host_;
  const std::shared_ptr<CredentialsProvider> credentials_;
  const Clock& clock_;
  net::HttpFetcher fetcher_;
  std::chrono::milliseconds skew_{0};  ///< their clock less ours
  std::mt19937 random_;
};

}  // namespace cdviz::aws
