// The metadata of a file's events: name, path, root and last_modified, behind what the
// configuration says.
#pragma once

#include <string>

#include "sources/folder/file_state.h"
#include "sources/folder/walk.h"

namespace cdviz::sources::folder {

/// Immutable; safe to call from any thread.
class Metadata {
 public:
  /// @param configured  a JSON object; members of our names are replaced
  Metadata(const std::string& configured, const std::string& root);

  /// A JSON object. Bytes of names that are not UTF-8 become U+FFFD; last_modified is RFC 3339.
  std::string of(const Place& place, const Stamp& stamp) const;

 private:
  std::string start_;
};

}  // namespace cdviz::sources::folder
