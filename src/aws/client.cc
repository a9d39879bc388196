#include "aws/client.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "aws/api_error.h"
#include "aws/time.h"
#include "net/retry_after.h"

namespace cdviz::aws {
namespace {

constexpr std::chrono::milliseconds kPauseBase{100};
/// The most that a Retry-After makes us wait here; the source that calls us waits longer.
constexpr std::chrono::milliseconds kAskedMax{60'000};
/// Services allow 5 minutes (S3: 15): below this the clocks are not what is wrong.
constexpr std::chrono::milliseconds kSkewMin{60'000};

/// As it is signed, and as libcurl sends it: the port only when it is not the scheme's own.
std::string host_of(std::string_view endpoint) {
  const auto scheme = endpoint.find("://");
  auto host = scheme == std::string_view::npos ? endpoint : endpoint.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  const std::string_view own = endpoint.starts_with("https:") ? ":443" : ":80";
  if (host.ends_with(own)) host.remove_suffix(own.size());
  return std::string(host);
}

}  // namespace

std::string endpoint_of(std::string_view service, std::string_view region) {
  const std::string_view domain = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const std::string_view prefix = service == "ecr" ? "api." : "";
  return fmt::format("https://{}{}.{}.{}", prefix, service, region, domain);
}

/// What an attempt found out for the next one.
struct Client::Attempt {
  Credentials used = {};
  bool expired = false;
  bool skewed = false;
};

Client::Client(ClientSettings settings, std::shared_ptr<CredentialsProvider> credentials,
               const Clock& clock)
    : settings_(std::move(settings)),
      host_(host_of(settings_.endpoint)),
      credentials_(std::move(credentials)),
      clock_(clock),
      fetcher_({.connect_timeout = settings_.connect_timeout,
                .timeout = settings_.timeout,
                .stall_timeout = settings_.stall_timeout,
                .ca_file = settings_.ca_file,
                .body_bytes_max = settings_.answer_bytes_max}),
      random_(std::random_device{}()) {}

Result<Answer> Client::send(const Request& request, const std::stop_token& stop,
                            std::chrono::milliseconds timeout) {
  bool renewed = false, corrected = false;
  for (unsigned tries = 1;; ++tries) {
    Attempt about;
    auto answer = attempt(request, stop, timeout, about);
    if (answer || stop.stop_requested()) return answer;
    const Error& error = answer.error();
    if (about.skewed && !corrected) {  // once: the next one is signed with their time
      corrected = true;
      continue;
    }
    if (about.expired && !renewed) {
      renewed = true;
      credentials_->expired(about.used);
      continue;
    }
    if (error.fault != Fault::retry || tries >= settings_.attempts_max) return answer;
    if (!wait(tries, error, stop)) return answer;
  }
}

bool Client::wait(unsigned tries, const Error& error, const std::stop_token& stop) {
  const auto most = std::min(settings_.pause_max, kPauseBase * (1U << std::min(tries, 10U)));
  std::uniform_int_distribution<std::int64_t> any(most.count() / 2, most.count());
  std::chrono::milliseconds pause(any(random_));
  if (error.retry_after) pause = std::max(pause, std::min(*error.retry_after, kAskedMax));
  return clock_.wait(pause, stop);
}

Result<Answer> Client::attempt(const Request& request, const std::stop_token& stop,
                               std::chrono::milliseconds timeout, Attempt& about) {
  net::HttpFetch fetch{.method = request.method,
                       .url = settings_.endpoint + target_of(request),
                       .headers = request.headers,
                       .body = request.body};
  if (credentials_) {
    auto credentials = credentials_->get(stop);
    if (!credentials) return credentials.error();
    about.used = std::move(*credentials);
    for (const auto& [name, value] : signature_of(request, host_, about.used, settings_.scope,
                                                  settings_.paths, clock_.wall() + skew_)) {
      fetch.headers.add(name, value);
    }
  }
  fetch.headers.add("User-Agent", "cdviz-collector");
  auto fetched = fetcher_.send(fetch, stop, timeout);
  if (!fetched) {
    return Error{fetched.error().fault,
                 fmt::format("{}: {}", settings_.endpoint, fetched.error().message), "network"};
  }
  if (fetched->status >= 200 && fetched->status < 300) {
    return Answer{fetched->status, std::move(fetched->headers), std::move(fetched->body),
                  fetched->cut};
  }
  const ApiError told = read_error(fetched->status, fetched->headers, fetched->body);
  Error error{fault_of(fetched->status, told.code),
              fmt::format("{} answers {} {}{}{}", settings_.endpoint, fetched->status, told.code,
                          told.message.empty() ? "" : ": ", told.message),
              told.code};
  if (const auto region = fetched->headers.find("x-amz-bucket-region");
      region && *region != settings_.scope.region && !region->empty() && region->size() < 64) {
    error.message += fmt::format("; the bucket is in {}: set `region`", *region);
  }
  if (const auto again = fetched->headers.find("Retry-After"); again) {
    error.retry_after = net::read_retry_after(*again, clock_.wall());
  }
  about.expired = credentials_ != nullptr && is_expired(told.code);
  if (const auto date = fetched->headers.find("Date"); date && fetched->status < 500) {
    const auto theirs = parse_http_date(std::string(*date));
    const auto skew = theirs ? *theirs - clock_.wall() : skew_;
    const bool denied = is_clock_skew(told.code) || fetched->status == 403;
    if (denied && std::chrono::abs(skew - skew_) > kSkewMin) {
      skew_ = skew;
      about.skewed = true;
    }
  }
  return error;
}

Result<std::string> Client::call(std::string_view target, std::string body,
                                 const std::stop_token& stop, std::string_view version,
                                 std::chrono::milliseconds timeout) {
  Request request{.method = "POST", .body = std::move(body)};
  request.headers.add("Content-Type", fmt::format("application/x-amz-json-{}", version));
  request.headers.add("X-Amz-Target", std::string(target));
  auto answer = send(request, stop, timeout);
  if (!answer) return answer.error();
  if (answer->cut) {
    return Error{Fault::retry,
                 fmt::format("{} answers more than {} bytes", settings_.endpoint,
                             settings_.answer_bytes_max),
                 "answer_too_large"};
  }
  return std::move(answer->body);
}

}  // namespace cdviz::aws
