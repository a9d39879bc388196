// The Kafka sink once its options are checked. Separate from the option table (kafka.h) so that the
// tests need no configuration.
#pragma once

#include <cstddef>
#include <memory>

#include "core/component.h"
#include "core/sink.h"
#include "kafka/client_options.h"
#include "sinks/kafka/record.h"

namespace cdviz::sinks::kafka {

struct KafkaSinkSettings {
  cdviz::kafka::ClientSettings client;
  RecordFormat format;
  std::size_t batch_events_max = 2000;
  std::size_t batch_bytes_max = std::size_t{4} << 20;
  std::size_t record_bytes_max = 1'000'000;  ///< message.max.bytes
};

std::unique_ptr<Sink> make_kafka_sink(KafkaSinkSettings settings, const Services& services);

}  // namespace cdviz::sinks::kafka
