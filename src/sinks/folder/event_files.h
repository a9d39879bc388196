// One file for each event.
#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/result.h"
#include "sinks/folder/compression.h"
#include "sinks/folder/file_name.h"
#include "sinks/folder/store.h"

namespace cdviz::sinks::folder {

/// How many files a batch led to.
struct Written {
  std::size_t files = 0;
  std::size_t present = 0;  ///< events that were there already
};

/// One thread at a time.
class EventFiles {
 public:
  /// @param store  outlives this
  EventFiles(Store& store, FileName name, Compression compression, bool with_headers)
      : store_(store),
        name_(std::move(name)),
        compression_(compression),
        with_headers_(with_headers) {}

  /// All of `batch`, synced with their names, or an error; what was written before an error is
  /// found by the next try. An event that is there already, byte for byte, stays. Another one with
  /// the same name gets a name with a digest of its content.
  Result<Written> write(std::span<const Event> batch, const std::stop_token& stop);

 private:
  struct Pending {
    std::string path;     ///< as the template says
    std::string content;  ///< compressed
    std::string second;   ///< where it goes when another one has `path`
    std::string temporary;
    std::string headers;  ///< the file beside; empty: none
    Descriptor fd;
  };
  Result<bool> is_there(const Pending& pending);
  Result<void> write_temporary(Pending& pending);
  Result<bool> publish(Pending& pending);
  std::string path_with_extension(const std::string& path) const;

  Store& store_;
  const FileName name_;
  const Compression compression_;
  const bool with_headers_;
};

/// {"name":"value",…}; of several with one name the last. Empty if there are no headers.
std::string headers_document(const Headers& headers);

}  // namespace cdviz::sinks::folder
