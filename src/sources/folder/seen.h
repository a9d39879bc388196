// Which files need not be looked at again: for each a fingerprint, in memory that has a limit. A
// file that is not in it is looked up in the ledger, which costs microseconds and changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sources/folder/file_state.h"

namespace cdviz::sources::folder {

/// A table of buckets: where one is full the later file has the place of another. Not thread-safe.
class Seen {
 public:
  /// 16 bytes each: 16 MiB at most, for a million files.
  static constexpr std::size_t kPlacesMax = std::size_t{1} << 20U;

  bool holds(const FileKey& key, const Stamp& stamp) const;
  void add(const FileKey& key, const Stamp& stamp);

 private:
  struct Place {
    std::uint64_t key = 0;
    std::uint64_t stamp = 0;
  };
  static constexpr std::size_t kBucket = 4;  ///< a line of the cache
  static Place place_of(const FileKey& key, const Stamp& stamp);
  std::size_t bucket_of(const Place& place) const;
  bool put(const Place& wanted);
  void grow();

  std::vector<Place> places_ = std::vector<Place>(1024);
  std::size_t used_ = 0;
};

}  // namespace cdviz::sources::folder
