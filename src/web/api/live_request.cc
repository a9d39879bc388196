#include "web/api/live_request.h"

#include <fmt/format.h>

#include "config/mistakes.h"
#include "config/units.h"

namespace cdviz::web::api {
namespace {

/// A number that an id of ours could be; what others made is no place to go on from.
std::optional<std::int64_t> position_of(std::string_view text) {
  const auto number = config::parse_integer(text);
  if (!number || *number < 0) return std::nullopt;
  return number;
}

}  // namespace

Result<LiveRequest> live_request_of(const Parameters& parameters,
                                    std::optional<std::string_view> last_event_id) {
  LiveRequest request;
  if (last_event_id) request.after = position_of(*last_event_id);
  auto& filter = request.filter;
  for (const auto& [name, value] : parameters) {
    if (name == "access_token" || value.empty()) continue;
    if (name == "subject") {
      filter.subjects.push_back(value);
    } else if (name == "predicate") {
      filter.predicates.push_back(value);
    } else if (name == "source") {
      filter.sources.push_back(value);
    } else if (name == "env") {
      filter.environments.push_back(value);
    } else if (name == "service") {
      filter.services.push_back(value);
    } else if (name == "q") {
      filter.text = value;
    } else if (name == "last_event_id") {
      request.after = position_of(value);
      if (!request.after) return Error{Fault::reject, "last_event_id is the id of a message", name};
    } else {
      return Error{Fault::reject,
                   fmt::format("there is no parameter {}{}", config::shown(name),
                               config::suggestion(name, {"subject", "predicate", "source", "env",
                                                         "service", "q", "last_event_id"})),
                   name};
    }
  }
  return request;
}

}  // namespace cdviz::web::api
