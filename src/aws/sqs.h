// The few calls of Amazon SQS that a reader needs, in its JSON protocol
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "aws/client.h"

namespace cdviz::aws {

struct SqsMessage {
  std::string id = {};
  std::string receipt_handle = {};  ///< of this delivery: for remove() and extend()
  std::string body = {};
  unsigned receives = 1;  ///< how often it was delivered, this time included
};

/// What a batch call did not do for some of its messages.
struct SqsFailed {
  std::string receipt_handle = {};
  std::string code = {};
  bool for_good = false;  ///< trying again is of no use: the handle is too old
};

/// The region in the host of a queue's URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/q".
std::optional<std::string> region_of_queue(std::string_view url);

/// "https://sqs.eu-west-1.amazonaws.com" of a queue's URL; empty if it is no URL of a queue.
std::string endpoint_of_queue(std::string_view url);

/// One queue. One thread at a time.
class Sqs {
 public:
  static constexpr std::size_t kBatch = 10;                ///< the most of one call
  static constexpr std::chrono::seconds kWaitMax{20};      ///< the longest poll
  static constexpr std::chrono::hours kVisibilityMax{12};  ///< since a message was received

  /// @param client  of service "sqs"; its endpoint is that of the queue
  Sqs(std::unique_ptr<Client> client, std::string queue_url);

  /// Waits up to `wait` until there are some. @param count  1 to kBatch
  /// @param visibility  for so long nobody else gets them
  Result<std::vector<SqsMessage>> receive(std::size_t count, std::chrono::seconds wait,
                                          std::chrono::seconds visibility,
                                          const std::stop_token& stop);

  /// Deletes them for good, kBatch at a call. @returns those that were not
  Result<std::vector<SqsFailed>> remove(std::span<const std::string> receipt_handles,
                                        const std::stop_token& stop);

  /// For so long from now on nobody else gets them; 0: at once. @returns those that it did not work
  /// for
  Result<std::vector<SqsFailed>> extend(std::span<const std::string> receipt_handles,
                                        std::chrono::seconds visibility,
                                        const std::stop_token& stop);

  /// Whether the queue is there and we may look at it, for `check --reach`.
  Result<void> reach(const std::stop_token& stop);

 private:
  Result<std::vector<SqsFailed>> batch(std::string_view action,
                                       std::span<const std::string> receipt_handles,
                                       std::optional<std::chrono::seconds> visibility,
                                       const std::stop_token& stop);

  std::unique_ptr<Client> client_;
  const std::string queue_url_;
};

}  // namespace cdviz::aws
