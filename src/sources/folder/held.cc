#include "sources/folder/held.h"

#include <utility>

namespace cdviz::sources::folder {

void Held::keep(File file) {
  drop(file.key);
  if (files_.size() == kFiles) files_.erase(files_.begin());
  files_.push_back(std::move(file));
}

void Held::drop(const FileKey& key) {
  std::erase_if(files_, [&](const File& file) { return file.key == key; });
}

}  // namespace cdviz::sources::folder
