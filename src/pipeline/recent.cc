#include "pipeline/recent.h"

#include <utility>

namespace cdviz::pipeline {
namespace {

Event without_json(const Event& event) {
  return Event(EventData{.source = event->source,
                         .id = event->id,
                         .type = event->type,
                         .timestamp = event->timestamp,
                         .subject_id = event->subject_id,
                         .json = {},
                         .origin = event->origin,
                         .received_at = event->received_at});
}

}  // namespace

void Recent::add(std::span<const Event> events) {
  if (events.size() > kEvents) events = events.last(kEvents);
  const std::lock_guard lock(mutex_);
  for (const Event& event : events) {
    if (events_.size() == kEvents) events_.pop_front();
    events_.push_back(event->json.size() > kJsonBytes ? without_json(event) : event);
  }
}

std::vector<RecentEvent> Recent::list() const {
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    events.assign(events_.rbegin(), events_.rend());
  }
  std::vector<RecentEvent> list;
  list.reserve(events.size());
  for (const Event& e : events) {
    list.push_back({.source = e->source,
                    .id = e->id,
                    .type = e->type,
                    .subject_id = e->subject_id,
                    .timestamp = e->timestamp,
                    .origin = e->origin,
                    .received_at = e->received_at});
  }
  return list;
}

}  // namespace cdviz::pipeline
