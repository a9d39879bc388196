// How an event stands in a row of the queue, and the checksum that notices a flipped byte in it.
//
// fields = version(1 byte, 1 or 2) text(source) text(id) text(type) text(timestamp)
//          text(subject_id) text(origin) count {text(name) text(value)}
//          and in version 2 text(notes)
// text   = length bytes;  length, count = unsigned LEB128 (https://en.wikipedia.org/wiki/LEB128)
//
// An event without notes is written as version 1, so that an older program can read it.
// The JSON stands in a column of its own, so that SQLite's shell can look into it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace cdviz::queue {

/// A point in the life of the queue: the position of an event, and how many events and bytes had
/// come through by then, this one included. The difference of two places is what stands between
/// them.
struct Place {
  std::int64_t position = 0;
  std::int64_t events = 0;
  std::int64_t bytes = 0;
  bool operator==(const Place&) const = default;
};

/// Appends the fields of `event` to `out`.
void append_fields(const EventData& event, std::string& out);

/// Appends headers alone, as they stand in a row of dead_letters.
void append_headers(const Headers& headers, std::string& out);

/// @returns nothing if the bytes are not what append_headers wrote
std::optional<Headers> decode_headers(std::string_view bytes);

/// @returns nothing if the bytes are not what append_fields wrote
std::optional<EventData> decode_event(std::string_view fields, std::string_view json,
                                      std::int64_t received_at);

/// CRC-32 of texts and numbers, in the order in which they are added (texts with their length).
class Checksum {
 public:
  Checksum() = default;
  explicit Checksum(std::uint32_t start) : value_(start) {}
  Checksum& add(std::string_view bytes);
  Checksum& add(std::int64_t number);
  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 0;
};

/// The part that does not depend on where the event will stand: computed by whoever submits.
std::uint32_t content_checksum(std::string_view fields, std::string_view json);

/// The checksum of the whole row.
std::uint32_t row_checksum(std::uint32_t content, const Place& place, std::int64_t received_at,
                           std::string_view target);

std::int64_t milliseconds_of(WallTime time);
WallTime wall_time_of(std::int64_t milliseconds);

}  // namespace cdviz::queue
