// What the server counts and logs. Normal operation logs nothing.
#pragma once

#include <chrono>
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
  void received(std::size_t bytes) { received_.Increment(static_cast<double>(bytes)); }
  void sent(std::size_t bytes) { sent_.Increment(static_cast<double>(bytes)); }

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
  telemetry::Counter& received_;
  telemetry::Counter& sent_;
};

}  // namespace cdviz::net
