// Finds entries of the ledger whose files are gone, some at a time: before a look at all files it
// takes some keys of the ledger, what the look meets is crossed out, and what is left is gone.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/inlet.h"
#include "sources/folder/file_state.h"

namespace cdviz::sources::folder {

/// Not thread-safe.
class Sweep {
 public:
  /// Keys that are looked for in one look: so many are in memory.
  static constexpr std::size_t kKeys = 10'000;

  /// Takes the next keys; from the first again behind the last.
  Result<void> begin(const Inlet& inlet);
  /// The file is there.
  void meet(const FileKey& key) { wanted_.erase(key); }
  /// @param complete  the look saw everything: only then is what it did not meet gone
  std::vector<FileKey> end(bool complete);

 private:
  std::unordered_set<FileKey> wanted_;
  std::string after_;
  std::string last_;
};

}  // namespace cdviz::sources::folder
