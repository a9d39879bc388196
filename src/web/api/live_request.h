// What a request for /live asks for.
#pragma once

#include <optional>
#include <string_view>

#include "core/result.h"
#include "web/api/live_hub.h"
#include "web/api/question.h"

namespace cdviz::web::api {

struct LiveRequest {
  LiveFilter filter;
  std::optional<std::int64_t> after;
};

/// @param last_event_id  the header; a parameter last_event_id goes before it: a page that opens a
/// new EventSource cannot send headers
/// @returns Fault::reject with the parameter's name as `code`
Result<LiveRequest> live_request_of(const Parameters& parameters,
                                    std::optional<std::string_view> last_event_id);

}  // namespace cdviz::web::api
