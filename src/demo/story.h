// The demo story (docs/demo.md): sixty days of eight services, as CDEvents. Pure: the same options
// give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "demo/background.h"
#include "demo/book.h"

namespace cdviz::demo {

/// All events in the order of sending. One is sent twice, and three are no events: the collector
/// refuses them. The first one says which story it is (kStoryKind).
std::vector<Delivery> tell(const Options& options);

/// The first event: its subject is story_name(), its time the end moment.
inline constexpr std::string_view kStoryKind = "demo-story.told";
std::string story_name(const Options& options);
/// The same backwards, but for the end moment.
std::optional<Options> story_named(std::string_view name);

/// The full hour before: where a story ends that is to end now.
WallTime end_for(WallTime now);

}  // namespace cdviz::demo
