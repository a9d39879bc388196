#include "queue/record.h"

#include <array>

#include <zlib.h>

namespace cdviz::queue {
namespace {

constexpr char kVersionWithoutNotes = 1;
constexpr char kVersionWithNotes = 2;

void append_number(std::uint64_t number, std::string& out) {
  while (number >= 0x80) {
    out.push_back(static_cast<char>(number | 0x80U));
    number >>= 7U;
  }
  out.push_back(static_cast<char>(number));
}

void append_text(std::string_view text, std::string& out) {
  append_number(text.size(), out);
  out.append(text);
}

/// Takes from the front of the bytes; once it failed it fails for ever.
class Parser {
 public:
  explicit Parser(std::string_view bytes) : rest_(bytes) {}

  bool number(std::uint64_t& out) {
    out = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      out |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool text(std::string& out) {
    std::uint64_t size = 0;
    if (!number(size) || size > rest_.size()) return false;
    out.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return true;
  }

  bool headers(Headers& out) {
    std::uint64_t count = 0;
    if (!number(count) || count > rest_.size()) return false;
    for (; count > 0; --count) {
      std::string name;
      std::string value;
      if (!text(name) || !text(value)) return false;
      out.add(std::move(name), std::move(value));
    }
    return true;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

void append_headers(const Headers& headers, std::string& out) {
  append_number(headers.size(), out);
  for (const auto& [name, value] : headers) {
    append_text(name, out);
    append_text(value, out);
  }
}

void append_fields(const EventData& event, std::string& out) {
  out.push_back(event.notes.empty() ? kVersionWithoutNotes : kVersionWithNotes);
  append_text(event.source, out);
  append_text(event.id, out);
  append_text(event.type, out);
  append_text(event.timestamp, out);
  append_text(event.subject_id, out);
  append_text(event.origin, out);
  append_headers(event.headers, out);
  if (!event.notes.empty()) append_text(event.notes, out);
}

std::optional<Headers> decode_headers(std::string_view bytes) {
  Headers headers;
  Parser parser(bytes);
  if (!parser.headers(headers) || !parser.at_end()) return std::nullopt;
  return headers;
}

std::optional<EventData> decode_event(std::string_view fields, std::string_view json,
                                      std::int64_t received_at) {
  if (fields.empty()) return std::nullopt;
  const bool with_notes = fields.front() == kVersionWithNotes;
  if (!with_notes && fields.front() != kVersionWithoutNotes) return std::nullopt;
  Parser parser(fields.substr(1));
  EventData event;
  if (!parser.text(event.source) || !parser.text(event.id) || !parser.text(event.type) ||
      !parser.text(event.timestamp) || !parser.text(event.subject_id) ||
      !parser.text(event.origin) || !parser.headers(event.headers) ||
      (with_notes && !parser.text(event.notes)) || !parser.at_end())
    return std::nullopt;
  event.json.assign(json);
  event.received_at = wall_time_of(received_at);
  return event;
}

Checksum& Checksum::add(std::string_view bytes) {
  add(static_cast<std::int64_t>(bytes.size()));
  if (bytes.empty()) return *this;  // zlib takes a null pointer for "start again"
  value_ = static_cast<std::uint32_t>(
      crc32_z(value_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  return *this;
}

Checksum& Checksum::add(std::int64_t number) {
  std::array<Bytef, 8> bytes{};
  auto rest = static_cast<std::uint64_t>(number);
  for (auto& byte : bytes) {
    byte = static_cast<Bytef>(rest & 0xffU);
    rest >>= 8U;
  }
  value_ = static_cast<std::uint32_t>(crc32_z(value_, bytes.data(), bytes.size()));
  return *this;
}

std::uint32_t content_checksum(std::string_view fields, std::string_view json) {
  return Checksum().add(fields).add(json).value();
}

std::uint32_t row_checksum(std::uint32_t content, const Place& place, std::int64_t received_at,
                           std::string_view target) {
  return Checksum(content)
      .add(place.position)
      .add(place.events)
      .add(place.bytes)
      .add(received_at)
      .add(target)
      .value();
}

std::int64_t milliseconds_of(WallTime time) { return time.time_since_epoch().count(); }

WallTime wall_time_of(std::int64_t milliseconds) {
  return WallTime{std::chrono::milliseconds(milliseconds)};
}

}  // namespace cdviz::queue
