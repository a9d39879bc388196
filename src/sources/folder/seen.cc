#include "sources/folder/seen.h"

#include <utility>

namespace cdviz::sources::folder {
namespace {

/// The finaliser of splitmix64 (https://prng.di.unimi.it/splitmix64.c): every bit depends on all.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

}  // namespace

Seen::Place Seen::place_of(const FileKey& key, const Stamp& stamp) {
  const std::uint64_t who = mixed(mixed(key.inode) + key.device + 1);
  const std::uint64_t what =
      mixed(mixed(mixed(stamp.size) ^ static_cast<std::uint64_t>(stamp.modified_ns)) +
            static_cast<std::uint64_t>(stamp.changed_ns));
  return {who, what};
}

std::size_t Seen::bucket_of(const Place& place) const {
  return (place.key & (places_.size() / kBucket - 1)) * kBucket;
}

bool Seen::holds(const FileKey& key, const Stamp& stamp) const {
  const Place wanted = place_of(key, stamp);
  const std::size_t bucket = bucket_of(wanted);
  for (std::size_t i = bucket; i < bucket + kBucket; ++i) {
    if (places_[i].key == wanted.key) return places_[i].stamp == wanted.stamp;
  }
  return false;
}

/// @returns true when a place was taken that nobody had
bool Seen::put(const Place& wanted) {
  const std::size_t bucket = bucket_of(wanted);
  for (std::size_t i = bucket; i < bucket + kBucket; ++i) {
    const bool was_free = places_[i].key == 0;
    if (!was_free && places_[i].key != wanted.key) continue;
    places_[i] = wanted;
    return was_free;
  }
  places_[bucket + (wanted.key >> 62U)] = wanted;  // bits that do not choose the bucket
  return false;
}

void Seen::add(const FileKey& key, const Stamp& stamp) {
  if (used_ * 2 > places_.size() && places_.size() < kPlacesMax) grow();
  if (put(place_of(key, stamp))) ++used_;
}

void Seen::grow() {
  const std::vector<Place> old = std::exchange(places_, std::vector<Place>(places_.size() * 4));
  used_ = 0;
  for (const Place& place : old) {
    if (place.key != 0 && put(place)) ++used_;
  }
}

}  // namespace cdviz::sources::folder
