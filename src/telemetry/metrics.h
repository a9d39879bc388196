// The metrics of the collector, in Prometheus terms (https://prometheus.io/docs/practices/naming/),
// over prometheus-cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace cdviz::telemetry {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

/// Buckets for durations of requests, writes and fsyncs, in seconds: 0.1 ms to 30 s.
const Histogram::BucketBoundaries& duration_buckets();
/// Buckets for counts of events in a batch: 1 to 10,000.
const Histogram::BucketBoundaries& count_buckets();

/// The registry of all metrics. Safe to call from any thread. Keep the references: making one takes
/// a lock, using it does not. The same name and labels give the same metric. They live as long as
/// this object. Names carry the prefix "cdviz_", base units and, for counters, "_total"; labels are
/// bounded (component names, enums).
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels = {},
                       const Histogram::BucketBoundaries& buckets = duration_buckets());

  /// Runs `refresh` before each text(): for gauges that are read and not counted (queue depth,
  /// memory). Runs on the thread that scrapes. Ends when the returned handle is destroyed.
  using Handle = std::shared_ptr<void>;
  [[nodiscard]] Handle before_scrape(std::function<void()> refresh);

  /// Prometheus text format 0.0.4.
  std::string text();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cdviz::telemetry
