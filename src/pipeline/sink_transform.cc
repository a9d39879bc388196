#include "pipeline/sink_transform.h"

#include <utility>
#include <variant>

#include "cdevents/check.h"
#include "pipeline/intake.h"

namespace cdviz::pipeline {

Result<std::vector<Event>> transform_for_sink(const Transforms& chain, const Event& event) {
  auto changed = apply_all(chain, {.body = event->json, .headers = event->headers});
  if (!changed) {
    Error error = changed.error();
    error.fault = Fault::reject;
    if (error.code.empty()) error.code = "transform";
    return error;
  }
  std::vector<Event> events;
  for (Message& message : changed->messages) {
    if (message.body == event->json && message.headers == event->headers) {
      events.push_back(event);
      continue;
    }
    // Violations were looked for on the way in; the transformer knows what this sink wants.
    const cdevents::Rules rules{.policy = cdevents::Policy::off,
                                .normalisation = {},
                                .default_source = event->source,
                                .schemas = {}};
    auto checked = cdevents::check(std::move(message.body), rules, {}, event->received_at);
    if (const auto* why = std::get_if<cdevents::Unusable>(&checked)) {
      return Error{Fault::reject, "what the transformers made: " + describe(why->problems),
                   why->problems.front().rule};
    }
    EventData data = std::move(std::get<cdevents::Checked>(checked).event);
    data.headers = std::move(message.headers);
    data.origin = event->origin;
    data.received_at = event->received_at;
    events.emplace_back(std::move(data));
  }
  return events;
}

}  // namespace cdviz::pipeline
