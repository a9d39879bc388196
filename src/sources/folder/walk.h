// Goes through a folder and those below it, with memory that does not depend on how much is in
// them: names are read some at a time (readdir, which is getdents) and, those, in their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sources/folder/descriptor.h"

namespace cdviz::sources::folder {

/// Where a file is: a name in an open folder.
struct Place {
  int folder = -1;   ///< borrowed
  std::string name;  ///< any bytes
  std::string path;  ///< below the root, with name
};

/// Who is told. Called on the thread that walks.
class Visitor {
 public:
  virtual ~Visitor() = default;
  /// Before what is in it. @param path  below the root; empty for the root itself
  /// @returns false: do not go in
  virtual bool enter(const std::string& path) = 0;
  /// Anything that is not surely a folder. @returns false: enough
  virtual bool look(const Place& place) = 0;
  /// A folder that could not be read.
  virtual void unreadable(const std::string& path, int error) = 0;
};

struct WalkRules {
  bool recursive = true;
  bool hidden = false;           ///< also names that begin with a dot
  bool follow_symlinks = false;  ///< of folders; a link to a folder above itself is not followed
};

/// Folders within each other; what is deeper is told as unreadable.
inline constexpr std::size_t kWalkDepth = 100;
/// Names read at a time.
inline constexpr std::size_t kWalkNames = 1024;

/// @param folder  an open folder, borrowed; @param path  its own below the root, empty for that
/// @returns false when the visitor had enough
bool walk(int folder, const std::string& path, WalkRules rules, Visitor& visitor);

/// Opens a folder in another one. @param name  "." for itself. @returns nothing, and errno
Descriptor open_folder(int folder, const std::string& name, bool follow_symlinks);

/// The folder of a path below the root; empty for the root.
std::string folder_of(const std::string& path);
/// Its name and path; in no folder yet.
Place place_of(const std::string& path);
/// For people: bytes that are not UTF-8 are escaped.
std::string shown_path(const std::string& path);

}  // namespace cdviz::sources::folder
