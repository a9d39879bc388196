#include "sources/folder/sweep.h"

#include <utility>

namespace cdviz::sources::folder {

Result<void> Sweep::begin(const Inlet& inlet) {
  wanted_.clear();
  const auto keys = inlet.checkpoint_keys(after_, kKeys);
  if (!keys) return keys.error();
  for (const auto& text : *keys) {
    if (const auto key = parse_key(text)) wanted_.insert(*key);
  }
  last_ = keys->size() < kKeys ? std::string() : keys->back();
  return {};
}

std::vector<FileKey> Sweep::end(bool complete) {
  std::vector<FileKey> gone;
  if (complete) {
    gone.assign(wanted_.begin(), wanted_.end());
    after_ = last_;
  }
  wanted_.clear();
  return gone;
}

}  // namespace cdviz::sources::folder
