// Changes as the kernel tells them (inotify(7)), so that a file is read at once and not at the next
// look at the whole folder. A help and no more: what it misses (other machines on NFS, a queue that
// overflowed, more folders than may be watched) the next look finds.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "sources/folder/descriptor.h"

namespace cdviz::sources::folder {

/// Not thread-safe, but for wake().
class Watch {
 public:
  /// Folders watched; each takes about 1 KiB of the kernel's memory.
  static constexpr std::size_t kFolders = 8192;

  struct Change {
    std::string folder;  ///< below the root
    std::string name;
    bool is_folder = false;
    bool operator==(const Change&) const = default;
  };
  struct Changes {
    std::vector<Change> some;
    bool lost = false;  ///< there were more than the kernel could keep: look at everything
  };

  /// @param enabled  false: only waits and is woken
  explicit Watch(bool enabled);

  /// Begins to watch a folder, or learns its new path. @returns false when it cannot be watched
  bool add(const std::string& place, const std::string& path);
  /// Forgets all.
  void clear();
  std::size_t folders() const { return paths_.size(); }

  /// Waits until something changes, wake() was called, or the timeout.
  Changes wait(std::chrono::milliseconds timeout);
  /// Ends a wait, now or the next. From any thread.
  void wake() const;

 private:
  void read(Changes& changes);

  bool enabled_;
  Descriptor inotify_, wake_;
  std::unordered_map<int, std::string> paths_;
};

}  // namespace cdviz::sources::folder
