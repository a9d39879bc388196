#include "net/http_observer.h"

namespace cdviz::net {

HttpObserver::HttpObserver(telemetry::Metrics& metrics, telemetry::Log& log)
    : metrics_(metrics),
      log_(log),
      connections_(metrics.gauge("cdviz_http_connections", "Open connections.")),
      refused_(metrics.counter("cdviz_http_connections_refused_total",
                               "Connections answered 503 or closed, since there were too many.")) {
  auto& received =
      metrics.counter("cdviz_http_received_bytes_total", "Bytes of requests, after TLS.");
  auto& sent = metrics.counter("cdviz_http_sent_bytes_total", "Bytes of answers, before TLS.");
  scrape_ = metrics.before_scrape([this, &received, &sent] {
    received.Increment(static_cast<double>(received_.exchange(0)));
    sent.Increment(static_cast<double>(sent_.exchange(0)));
  });
}

void HttpObserver::connection_timed_out(std::string_view phase) {
  metrics_
      .counter("cdviz_http_connections_timed_out_total",
               "Connections closed since the client was too slow, by what it was slow in.",
               {{"phase", std::string(phase)}})
      .Increment();
}

void HttpObserver::answered(const RequestHead& request, const RouteEntry* route, int status,
                            std::chrono::steady_clock::duration took) {
  auto& duration =
      route != nullptr ? route->duration(status) : request_duration(metrics_, "http", status);
  const double seconds = std::chrono::duration<double>(took).count();
  duration.Observe(seconds);
  if (status < 400) return;
  const auto level = status >= 500 ? telemetry::Level::warn : telemetry::Level::debug;
  log_.write(level, "http", "request failed",
             {{"status", status},
              {"method", request.method},
              {"path", request.path},
              {"remote", request.remote_address},
              {"seconds", seconds}});
}

void HttpObserver::handler_threw(const RequestHead& request, std::string_view what) {
  log_.error("http", "handler threw", {{"path", request.path}, {"error", what}});
}

}  // namespace cdviz::net
