// The section [queue] of the configuration.
#pragma once

#include <span>
#include <string_view>

#include "core/option.h"

namespace cdviz::queue {

/// Where the queue lives unless the configuration says otherwise, relative to the working
/// directory.
inline constexpr std::string_view kDefaultDirectory = "./cdviz-data/queue";

/// directory, max_bytes, dead_letters_max_bytes, durability → QueueSettings; confirm →
/// pipeline::Settings.
std::span<const Option> queue_options();

}  // namespace cdviz::queue
