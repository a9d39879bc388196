// The sink itself, made of checked settings.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "core/component.h"
#include "nats/connection.h"
#include "nats/jetstream.h"
#include "sinks/nats/message.h"

namespace cdviz::sinks::nats {

struct SinkSettings {
  cdviz::nats::Settings connection;
  MessageSettings message;
  bool jetstream = true;
  bool create_stream = false;
  cdviz::nats::StreamSettings stream;  ///< its name may be empty: whichever takes the subject
  std::string domain;
  std::chrono::milliseconds timeout{};
  std::size_t batch_events_max = 500;
};

std::unique_ptr<Sink> make_nats_sink(SinkSettings settings, const Services& services);

}  // namespace cdviz::sinks::nats
