// What a source received, before anybody looked into it.
#pragma once

#include <string>

#include "core/headers.h"

namespace cdviz {

/// One received document: the bytes as they came, its headers, and what the source knows about
/// where it came from.
struct Message {
  std::string body;
  /// What the source chose to keep of the transport's headers; traceparent and tracestate always.
  Headers headers = {};
  /// A JSON object, as text: object path, Kafka offset, … Empty means {}.
  std::string metadata = {};
};

}  // namespace cdviz
