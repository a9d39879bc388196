// Many events in a file, one on a line (https://github.com/ndjson/ndjson-spec). Lines are appended
// to a hidden part file and synced; when it is large or old enough it is compressed, if asked for,
// and gets its name:
//
//   PATH/.cdviz-SINK/MILLISECONDS.part  →  PATH/NAME-20261129T191500.123Z-SINK.ndjson[.gz|.zst]
//
// The time is that at which the part was begun, and stands in both names, so that a crash at any
// moment can be repaired: a line that is cut short is taken off, the rest gets its name.
//
// The cursor of the queue may be some batches behind when a crash comes. So that these are not
// written twice the last lines are kept at hand after they have got their name, as *.done: the same
// file where nothing is compressed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/clock.h"
#include "core/event.h"
#include "core/result.h"
#include "sinks/folder/compression.h"
#include "sinks/folder/file_name.h"
#include "sinks/folder/store.h"

namespace cdviz::sinks::folder {

struct LineFileSettings {
  std::string sink;  ///< stands in the names of files
  FileName name;     ///< depends on the time only
  Compression compression = Compression::none;
  std::uint64_t roll_bytes = std::uint64_t{64} << 20;  ///< not compressed
  std::chrono::milliseconds roll_after{300'000};
};

/// One thread at a time.
class LineFiles {
 public:
  /// @param store  outlives this, and so does the clock
  LineFiles(Store& store, LineFileSettings settings, const Clock& clock)
      : store_(store), settings_(std::move(settings)), clock_(clock) {}

  /// Gives their names to parts that a crash has left, without a line that is cut short.
  Result<void> recover();

  /// Success: all lines are synced. After an error none of them stands in a part. Events whose
  /// lines a crash had left unconfirmed are not written again.
  Result<void> write(std::span<const Event> batch);

  /// Gives its name to the part that is open; the next line begins another.
  Result<void> roll();
  /// When roll() is due: the part that is open is old enough, or one has still no name. Nothing
  /// while there is none.
  std::optional<std::chrono::steady_clock::time_point> roll_due() const;

  /// Files that got their names.
  std::uint64_t files() const { return files_; }

 private:
  struct Part {
    Descriptor fd;
    std::string name;
    std::uint64_t bytes = 0;  ///< synced
    std::chrono::steady_clock::time_point begun = {};
  };
  Result<void> begin_part();
  Result<void> still_there();
  Result<void> append(const std::string& lines);
  Result<void> finish(const std::string& part);
  Result<void> mend(const std::string& part);
  Result<void> remember_lines();
  Result<void> forget_old();
  std::string path_of(const std::string& part) const;

  Store& store_;
  const LineFileSettings settings_;
  const Clock& clock_;
  std::optional<Part> part_;
  std::vector<std::string> unfinished_;   ///< parts that are complete and have no name yet
  std::unordered_set<std::string> left_;  ///< the last lines before a crash, confirmed or not
  std::int64_t last_stamp_ = 0;
  std::uint64_t files_ = 0;
};

}  // namespace cdviz::sinks::folder
