// The files of lines that were read last, kept open: what is written to one before it is deleted or
// moved out of the folder, by rotation for example, can be read all the same.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "parsers/format.h"
#include "sources/folder/descriptor.h"
#include "sources/folder/file_state.h"

namespace cdviz::sources::folder {

/// Not thread-safe.
class Held {
 public:
  /// Files at most; the one that was read longest ago gives way.
  static constexpr std::size_t kFiles = 64;

  struct File {
    FileKey key = {};
    std::string path;  ///< where it was when it was read
    parsers::Format format = parsers::Format::jsonl;
    Descriptor fd;
  };

  void keep(File file);
  void drop(const FileKey& key);
  const std::vector<File>& files() const { return files_; }

 private:
  std::vector<File> files_;  ///< the one that was read last stands last
};

}  // namespace cdviz::sources::folder
