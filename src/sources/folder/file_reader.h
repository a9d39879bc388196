// Reads one open file from where the ledger says on, and gives its documents to the feeder.
//
//   lines                appended ones from `offset` on, each as soon as it is whole; the last one,
//   if
//                        it has no line end, once the file is quiet
//   lines, compressed    from the start, without the documents that were given before
//   the other formats    as a whole; when the bytes are the same as before, nothing
//
// Whether a file is still the one that was read: its head and what stands before `offset` are the
// same (Entry). Otherwise it was replaced or cut, and is read from its start.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "parsers/parsers.h"
#include "sources/folder/feeder.h"
#include "sources/folder/file_state.h"

namespace cdviz::sources::folder {

/// A file that is open, as it was when it was opened.
struct OpenFile {
  int fd = -1;  ///< borrowed
  FileKey key = {};
  Stamp stamp = {};
  std::string path;  ///< below the root
  parsers::Format format = parsers::Format::json;
  parsers::Compression compression = parsers::Compression::none;
  /// How long nothing has changed.
  std::chrono::milliseconds quiet{0};
};

struct ReadRules {
  parsers::Limits limits = {};
  /// A line without a line end is taken when nothing has changed for that long: one that is whole
  /// JSON, one that cannot be told (CSV, text), and any.
  std::chrono::milliseconds quiet_json{1000};
  std::chrono::milliseconds quiet_text{10'000};
  std::chrono::milliseconds quiet_any{3'600'000};
};

struct ReadResult {
  enum class Outcome : std::uint8_t {
    done,     ///< nothing is left of what was there
    waiting,  ///< a line has no end yet, or the file changed meanwhile: look again
    stopped,  ///< the feeder takes no more
    failed,   ///< `error` is an errno
  };
  Outcome outcome = Outcome::done;
  int error = 0;
  bool began_anew = false;  ///< the file was known, and was read from its start
  std::uint64_t bytes = 0;  ///< read of it
};

/// Whether `file` is what the entry is about, perhaps grown: nothing was replaced or cut.
bool continues(const OpenFile& file, const Entry& entry);

/// @param base   headers and metadata of each message
/// @param entry  what is known of the file, if anything is
ReadResult read_file(const OpenFile& file, const Message& base, const std::optional<Entry>& entry,
                     const ReadRules& rules, Feeder& feeder, const std::stop_token& stop);

}  // namespace cdviz::sources::folder
