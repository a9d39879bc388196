#include "sources/s3/metrics.h"

namespace cdviz::sources::s3 {
namespace {

telemetry::Counter& objects(telemetry::Metrics& metrics, const std::string& name,
                            const std::string& outcome) {
  return metrics.counter("cdviz_s3_objects_total",
                         "Objects that were looked at, by what came of it.",
                         {{"component_id", name}, {"outcome", outcome}});
}

telemetry::Counter& messages(telemetry::Metrics& metrics, const std::string& name,
                             const std::string& outcome) {
  return metrics.counter("cdviz_s3_notifications_total",
                         "Messages of the notification queue, by what came of them.",
                         {{"component_id", name}, {"outcome", outcome}});
}

}  // namespace

Metrics::Metrics(telemetry::Metrics& metrics, const std::string& name)
    : read(objects(metrics, name, "read")),
      too_large(objects(metrics, name, "too_large")),
      broken(objects(metrics, name, "broken")),
      gone(objects(metrics, name, "gone")),
      failed(objects(metrics, name, "failed")),
      archived(objects(metrics, name, "archived")),
      finished(objects(metrics, name, "finished")),
      not_finished(objects(metrics, name, "not_finished")),
      listings(metrics.counter("cdviz_s3_listings_total", "Listings from beginning to end.",
                               {{"component_id", name}})),
      listed(metrics.gauge("cdviz_s3_listed_objects", "Objects in the last listing.",
                           {{"component_id", name}})),
      listing_seconds(metrics.gauge("cdviz_s3_listing_seconds",
                                    "How long the last listing took, with what it led to.",
                                    {{"component_id", name}})),
      messages_done(messages(metrics, name, "done")),
      messages_test(messages(metrics, name, "test_event")),
      messages_unusable(messages(metrics, name, "unusable")),
      messages_given_back(messages(metrics, name, "given_back")),
      messages_held(metrics.gauge("cdviz_s3_notifications_held",
                                  "Messages of the notification queue that are worked on.",
                                  {{"component_id", name}})) {}

}  // namespace cdviz::sources::s3
