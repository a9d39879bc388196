#include "telemetry/metrics.h"

#include <list>
#include <mutex>
#include <utility>

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace cdviz::telemetry {

struct Metrics::Impl {
  prometheus::Registry registry;
  std::mutex mutex;
  // prometheus-cpp refuses a second family of the same name whose help differs, so each is made
  // once and kept.
  std::map<std::string, prometheus::Family<Counter>*> counters;
  std::map<std::string, prometheus::Family<Gauge>*> gauges;
  std::map<std::string, prometheus::Family<Histogram>*> histograms;
  /// Shared with the handles, which may outlive this object.
  struct Refreshers {
    std::mutex mutex;
    std::list<std::function<void()>> list;
  };
  std::shared_ptr<Refreshers> refreshers = std::make_shared<Refreshers>();
};

namespace {
template <class Family, class Builder>
Family& family(std::map<std::string, Family*>& known, prometheus::Registry& registry,
               Builder builder, const std::string& name, const std::string& help) {
  Family*& found = known[name];
  if (found == nullptr) found = &builder.Name(name).Help(help).Register(registry);
  return *found;
}
}  // namespace

const Histogram::BucketBoundaries& duration_buckets() {
  static const Histogram::BucketBoundaries kBuckets{0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005,
                                                    0.01,   0.02,   0.05,   0.1,   0.2,   0.5,
                                                    1,      2,      5,      10,    30};
  return kBuckets;
}

const Histogram::BucketBoundaries& count_buckets() {
  static const Histogram::BucketBoundaries kBuckets{1,   2,   5,    10,   20,   50,    100,
                                                    200, 500, 1000, 2000, 5000, 10'000};
  return kBuckets;
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  return family(impl_->counters, impl_->registry, prometheus::BuildCounter(), name, help)
      .Add(labels);
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  return family(impl_->gauges, impl_->registry, prometheus::BuildGauge(), name, help).Add(labels);
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                              const Labels& labels, const Histogram::BucketBoundaries& buckets) {
  const std::lock_guard lock(impl_->mutex);
  return family(impl_->histograms, impl_->registry, prometheus::BuildHistogram(), name, help)
      .Add(labels, buckets);
}

Metrics::Handle Metrics::before_scrape(std::function<void()> refresh) {
  auto refreshers = impl_->refreshers;
  const std::lock_guard lock(refreshers->mutex);
  const auto place = refreshers->list.insert(refreshers->list.end(), std::move(refresh));
  return {this, [refreshers, place](void*) {
            const std::lock_guard inner(refreshers->mutex);
            refreshers->list.erase(place);
          }};
}

std::string Metrics::text() {
  {
    const std::lock_guard lock(impl_->refreshers->mutex);
    for (const auto& refresh : impl_->refreshers->list) refresh();
  }
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace cdviz::telemetry
