// What a source received, before anybody looked into it.
#pragma once

#include <string>
#include <vector>

#include "core/headers.h"
#include "core/problem.h"

namespace cdviz {

/// One received document: the bytes as they came, its headers, and what the source knows about
/// where it came from.
struct Message {
  std::string body;
  /// What the source chose to keep of the transport's headers; traceparent and tracestate always.
  Headers headers = {};
  /// A JSON object, as text: object path, Kafka offset, … Empty means {}.
  std::string metadata = {};
  /// What the source found that makes the message unusable as it is (a header that is not UTF-8, a
  /// line that is cut short). If there is any, the message goes to the dead letters with these.
  std::vector<Problem> problems = {};
};

}  // namespace cdviz
