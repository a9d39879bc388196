// What the sources of S3 count.
#pragma once

#include <string>
#include <string_view>

#include "telemetry/metrics.h"

namespace cdviz::sources::s3 {

struct Metrics {
  Metrics(telemetry::Metrics& metrics, const std::string& name);
  telemetry::Counter& read;
  telemetry::Counter& too_large;
  telemetry::Counter& broken;
  telemetry::Counter& gone;
  telemetry::Counter& failed;
  telemetry::Counter& archived;
  telemetry::Counter& finished;
  telemetry::Counter& not_finished;
  telemetry::Counter& listings;
  telemetry::Gauge& listed;
  telemetry::Gauge& listing_seconds;
  telemetry::Counter& messages_done;
  telemetry::Counter& messages_test;
  telemetry::Counter& messages_unusable;
  telemetry::Counter& messages_given_back;
  telemetry::Gauge& messages_held;
};

}  // namespace cdviz::sources::s3
