// Sending events to a collector's webhook, in batches, as any other sender does.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "demo/book.h"
#include "net/http_client.h"

namespace cdviz::commands {

/// "http://127.0.0.1:8080/webhook/000", where `up` and the examples listen.
inline constexpr const char* kDefaultWebhook = "http://127.0.0.1:8080/webhook/000";
/// Events in one request.
inline constexpr std::size_t kBatchEvents = 500;

/// Not for several threads.
class EventSender {
 public:
  struct Settings {
    std::string url;
    std::string bearer_token = {};  ///< empty: none
    /// Asked often; true ends the sending between two batches or within one.
    std::function<bool()> cancelled = [] { return false; };
  };
  explicit EventSender(Settings settings);

  /// Sends one batch and waits for the answer. While the collector says that it is full (503), it
  /// is asked again, for up to a minute.
  /// @returns Fault::retry for no answer and when cancelled, Fault::stop when the collector does
  /// not want events sent like this
  Result<void> send(std::span<const demo::Delivery> batch);

 private:
  Error explain(const net::HttpReply& reply) const;
  /// @returns false when cancelled
  bool pause(std::chrono::milliseconds time) const;

  Settings settings_;
  net::HttpClient client_;
  std::string body_;
};

}  // namespace cdviz::commands
