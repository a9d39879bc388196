// What is stored beside an event: what was noticed in it, and the headers that came with it.
#pragma once

#include <cstddef>
#include <string>

#include "core/event.h"

namespace cdviz::sinks::postgres {

/// Headers of an event that are stored: names and values together; those behind it are left out.
inline constexpr std::size_t kHeaderBytesMax = std::size_t{16} * 1024;

/// The notes of cdviz_store.event as a JSON object: event.notes, and `headers`, a list of
/// [name, value] in their order. Empty when there is nothing to note. A NUL, which jsonb cannot
/// hold, becomes U+FFFD.
std::string stored_notes(const EventData& event);

}  // namespace cdviz::sinks::postgres
