// What is larger than the queue: how large things are in it, and a dead letter that is kept by
// reference because its bytes do not fit.
#pragma once

#include <cstdint>

#include "core/event.h"
#include "queue/queue.h"

namespace cdviz::queue {

/// Bytes that a dead letter counts for.
std::int64_t size_of(const DeadLetter& letter);

/// Bytes that an event counts for, or at most some hundred more.
std::uint64_t bytes_at_most(const EventData& event);

/// Makes a letter that is larger than `max_bytes` small: its body and headers go; its metadata gets
/// a member `original`, {"bytes": N, "sha256": "hex digits"}, beside the source's own coordinates,
/// and the reason says so. Others stay as they are.
/// @param max_bytes  at least 64 KiB
void keep_by_reference(DeadLetter& letter, std::uint64_t max_bytes);

}  // namespace cdviz::queue
