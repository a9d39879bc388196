#include "sources/folder/sweep.h"

#include <utility>

namespace cdviz::sources::folder {

Result<void> Sweep::begin(const Inlet& inlet) {
  wanted_.clear();
  const auto entries = inlet.checkpoints("", after_, kKeys);
  if (!entries) return entries.error();
  for (const auto& entry : *entries) {
    if (const auto key = parse_key(entry.key)) wanted_.insert(*key);
  }
  last_ = entries->size() < kKeys ? std::string() : entries->back().key;
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
