// The two sources, made of checked settings.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/component.h"
#include "nats/connection.h"
#include "nats/jetstream.h"
#include "sources/nats/message_reader.h"

namespace cdviz::sources::nats {

struct CoreSettings {
  cdviz::nats::Settings connection;
  std::vector<std::string> subjects;
  std::string queue_group;
  ReaderSettings reader;
};
/// Takes what is published while it listens: at most once.
std::unique_ptr<Source> make_core_source(CoreSettings settings, const Services& services);

struct PullSettings {
  cdviz::nats::Settings connection;
  std::string domain;
  bool create_stream = false;
  cdviz::nats::StreamSettings stream;
  cdviz::nats::ConsumerSettings consumer;
  std::size_t in_flight_max = 1000;            ///< messages that we hold unacknowledged
  std::chrono::milliseconds hold_when_full{};  ///< before they are given back
  std::chrono::milliseconds nak_delay{};       ///< until those are delivered again
  ReaderSettings reader;
};
/// Takes the messages of a stream through a durable pull consumer: at least once.
std::unique_ptr<Source> make_pull_source(PullSettings settings, const Services& services);

}  // namespace cdviz::sources::nats
