// From an event to a record of Kafka: topic, key, headers and value, as CloudEvents' binding has it
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/event.h"
#include "core/event_template.h"
#include "core/headers.h"
#include "core/result.h"
#include "net/outgoing_headers.h"

namespace cdviz::sinks::kafka {

struct Record {
  std::string topic;
  std::string key;  ///< empty: none
  Headers headers;
  std::string value;
};

/// What every record is made with.
struct RecordFormat {
  EventTemplate topic;
  EventTemplate key;
  bool structured = true;
  net::OutgoingHeaders headers = {};  ///< of every record, replacing others of the same name
};

/// What keeps `name` from being a topic's: 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-', and not "."
/// or "..". Empty when it may be one.
std::string_view fault_of_topic(std::string_view name);

/// `value` with every byte that a topic's name may not have replaced by '_'.
std::string in_topic(std::string_view value);

/// Every header that the event is to be sent with goes along: traceparent, tracestate, those that
/// the source kept; a header of the format replaces them.
/// @param now  for the timestamps of signatures
/// @returns Fault::reject when the topic's name cannot be one; Fault::stop when a header that is to
/// be signed is not there
Result<Record> record_of(const EventData& event, const RecordFormat& format, WallTime now);

/// Bytes of the record on the wire, at most: what librdkafka compares with message.max.bytes.
std::size_t wire_bytes(const Record& record);

}  // namespace cdviz::sinks::kafka
