#include "pipeline/sink_letter.h"

#include <utility>
#include <variant>

#include <boost/json.hpp>

#include "cdevents/parse.h"

namespace cdviz::pipeline {

namespace json = boost::json;

std::string sink_letter_metadata(const EventData& event) {
  json::object metadata{{"origin", event.origin},
                        {"received_at_ms", event.received_at.time_since_epoch().count()}};
  if (!event.notes.empty()) metadata["notes"] = event.notes;  // as text: every digit stays
  return json::serialize(metadata);
}

std::optional<Event> event_of(queue::DeadLetter& letter) {
  auto parsed = cdevents::parse(std::move(letter.body));
  auto* event = std::get_if<EventData>(&parsed);
  if (event == nullptr) return {};
  event->headers = letter.headers;
  event->received_at = letter.at;
  boost::system::error_code failed;
  const json::value metadata = json::parse(letter.metadata, failed);
  if (!failed && metadata.is_object()) {
    const auto& fields = metadata.get_object();
    if (const auto* origin = fields.if_contains("origin"); origin && origin->is_string()) {
      event->origin = std::string_view(origin->get_string());
    }
    if (const auto* notes = fields.if_contains("notes"); notes && notes->is_string()) {
      event->notes = std::string_view(notes->get_string());
    }
    if (const auto* at = fields.if_contains("received_at_ms"); at && at->is_int64()) {
      event->received_at = WallTime(std::chrono::milliseconds(at->get_int64()));
    }
  }
  return Event(std::move(*event));
}

}  // namespace cdviz::pipeline
