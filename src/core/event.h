// A checked CDEvent (https://cdevents.dev): what the queue stores and the sinks send. Immutable and
// shared; parsed once.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/headers.h"

namespace cdviz {

/// Wall clock time, to the millisecond: it survives in the queue's file.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// The fields of an Event. All text is UTF-8.
struct EventData {
  std::string source;      ///< context.source; with `id` the key of the event
  std::string id;          ///< context.id, byte for byte as it came
  std::string type;        ///< context.type, for example dev.cdevents.service.deployed.0.2.0
  std::string timestamp;   ///< context.timestamp as text, as it came (RFC 3339)
  std::string subject_id;  ///< subject.id
  std::string json;  ///< the whole event, byte for byte as it came unless a transform changed it
  Headers headers =
      {};  ///< to be sent on: traceparent, tracestate, what the source was told to keep
  /// What was noticed and changed on the way in, a JSON object as text; empty when there is
  /// nothing. `violations`: a list of {"pointer","rule","message"}; `normalised`: a list of steps
  /// ("id", "time", …); `original`: the document as it came, if `json` differs from it.
  std::string notes = {};
  std::string origin = {};    ///< name of the source component that took it in
  WallTime received_at = {};  ///< when the collector received it
};

/// A handle to an immutable event: cheap to copy, safe to share between threads.
class Event {
 public:
  explicit Event(EventData data) : data_(std::make_shared<const EventData>(std::move(data))) {}
  const EventData* operator->() const { return data_.get(); }
  const EventData& operator*() const { return *data_; }

 private:
  std::shared_ptr<const EventData> data_;
};

/// The parts of a context.type. Views into the text given.
struct TypeParts {
  std::string_view
      prefix;  ///< "dev.cdevents", "dev.cdeventsx"; of other families too the first two parts
  std::string_view subject;    ///< "service"; for custom types "mytool-resource"
  std::string_view predicate;  ///< "deployed"
  std::string_view version;    ///< "0.2.0", "0.4.0-draft": all that follows
};

/// Splits a context.type. Parts that are not there are empty; nothing is checked against the
/// vocabulary.
TypeParts split_type(std::string_view type);

/// Bytes that an event takes in memory and in the queue, roughly: the JSON, its fields and headers.
std::size_t size_of(const EventData& event);

}  // namespace cdviz
