// What the server counts and logs. Normal operation logs nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "net/route_table.h"
#include "net/routes.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace cdviz::net {

/// Safe to use from any thread.
class HttpObserver {
 public:
  HttpObserver(telemetry::Metrics& metrics, telemetry::Log& log);

  void connection_opened() { connections_.Increment(); }
  void connection_closed() { connections_.Decrement(); }
  void connection_refused() { refused_.Increment(); }
  /// The client was too slow or silent, and was cut off while `phase`.
  void connection_timed_out(std::string_view phase);
  void received(std::size_t bytes) { received_.fetch_add(bytes, std::memory_order_relaxed); }
  void sent(std::size_t bytes) { sent_.fetch_add(bytes, std::memory_order_relaxed); }

  /// A request was answered. Logged for 5xx (warn) and 4xx (debug), without its query.
  /// @param route  null if none was found
  void answered(const RequestHead& request, const RouteEntry* route, int status,
                std::chrono::steady_clock::duration took);
  void handler_threw(const RequestHead& request, std::string_view what);

  telemetry::Log& log() { return log_; }

 private:
  telemetry::Metrics& metrics_;
  telemetry::Log& log_;
  telemetry::Gauge& connections_;
  telemetry::Counter& refused_;
  // Cheaper to count than the metrics, which get them before each scrape.
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::uint64_t> sent_{0};
  telemetry::Metrics::Handle scrape_;
};

}  // namespace cdviz::net
