// The Kafka source once its options are checked. Separate from the option table (kafka.h) so that
// the tests need no configuration.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/component.h"
#include "core/source.h"
#include "kafka/client_options.h"
#include "sources/kafka/feeder.h"
#include "sources/kafka/mark.h"
#include "sources/kafka/record_reader.h"

namespace cdviz::sources::kafka {

struct KafkaSourceSettings {
  cdviz::kafka::ClientSettings client;
  std::vector<std::string> topics;  ///< names, and patterns that begin with '^'
  Reset reset = Reset::earliest;    ///< as the client's auto.offset.reset
  FeederLimits limits = {};
};

std::unique_ptr<Source> make_kafka_source(KafkaSourceSettings settings, ReaderSettings reader,
                                          const Services& services);

}  // namespace cdviz::sources::kafka
