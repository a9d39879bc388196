// What stands beside a file and belongs to it:
//
//   NAME.json   NAME.headers.json    {"traceparent": "00-…"}: headers of its events
//               NAME.metadata.json   an object: members of metadata
//
// The folder sink writes the former (write_headers_json).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/message.h"
#include "core/result.h"
#include "sources/folder/walk.h"

namespace cdviz::sources::folder {

/// Of either.
inline constexpr std::size_t kSideFileBytes = std::size_t{64} * 1024;

/// Which of them are looked for.
struct SideFiles {
  bool headers = true;
  bool metadata = true;
};

/// True for names that are such files: never read as events.
bool is_side_file(std::string_view name, SideFiles wanted);

/// NAME of "NAME.json.gz": what stands before the extension, and that of a compression.
std::string_view stem_of(std::string_view name);

/// Adds what they say. @param message  has metadata already; theirs does not replace it
/// @returns Fault::reject, code "side_file", when one is there and is not as it should be;
/// Fault::retry when it cannot be read
Result<void> read_side_files(const Place& place, SideFiles wanted, Message& message);

}  // namespace cdviz::sources::folder
