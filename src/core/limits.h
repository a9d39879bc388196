// The limits that are not options: every one has a number, and what happens when it is reached.
#pragma once

#include <cstddef>

namespace cdviz::limits {

/// Nesting of arrays and objects in a document; deeper ones are refused.
inline constexpr std::size_t kJsonDepth = 128;
/// Values (members, elements) in one document; larger ones are refused: parsing takes 24 bytes of
/// memory for each.
inline constexpr std::size_t kJsonValues = 1'000'000;
/// Bytes of context.id, context.source and subject.id; longer ones are refused: databases index
/// them.
inline constexpr std::size_t kIdBytes = 2048;
/// Bytes of context.type and context.timestamp.
inline constexpr std::size_t kTypeBytes = 256;
/// Problems reported for one document; the rest is only counted.
inline constexpr std::size_t kProblems = 32;
/// Events in one request or file chunk; larger ones are refused as a whole.
inline constexpr std::size_t kBatchEvents = 10'000;

}  // namespace cdviz::limits
