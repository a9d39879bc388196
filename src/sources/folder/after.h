// What becomes of a file whose events are all on disk: it stays, is deleted, or is moved to another
// folder of the same file system, under the same path.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "sources/folder/descriptor.h"
#include "sources/folder/feeder.h"
#include "sources/folder/folder_source.h"

namespace cdviz::sources::folder {

/// One thread at a time.
class FinishedFiles {
 public:
  explicit FinishedFiles(const FolderSettings& settings) : settings_(settings) {}

  enum class Done : std::uint8_t {
    nothing,  ///< it is gone already, or has changed: then it is read again
    removed,
    moved,
  };
  /// @param folder  the open folder that the file is in; @param name  of the file in it
  /// @param device  that of the root (key_of)
  /// @returns Fault::retry with what is wrong
  Result<Done> deal_with(const Finished& file, int folder, const std::string& name,
                         std::uint64_t device);

 private:
  Result<Done> move(const Finished& file, int folder, const std::string& name);
  Result<Descriptor> make_folders(std::string_view path);

  const FolderSettings& settings_;
};

}  // namespace cdviz::sources::folder
