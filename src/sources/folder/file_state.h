// What the source knows about a file, and how it is written down: an entry of the ledger, which is
// committed with the events it covers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "parsers/format.h"

namespace cdviz::sources::folder {

/// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), 64 bits. Goes on from `hash`.
constexpr std::uint64_t kHashStart = 0xcbf29ce484222325U;
std::uint64_t hash_of(std::string_view bytes, std::uint64_t hash = kHashStart);

/// When a file was changed, and how large it was. The time of the inode (ctime) is there because
/// nobody can set it back: a file with an old modification time that was moved in is seen.
struct Stamp {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  bool operator==(const Stamp&) const = default;
};
Stamp stamp_of(const struct stat& status);

/// A file, by whatever name. The device is 0 for that of the folder itself: its number may be
/// another one when the machine has started again.
struct FileKey {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileKey&) const = default;
};
FileKey key_of(const struct stat& status, std::uint64_t device_of_folder);
std::string to_text(const FileKey& key);
std::optional<FileKey> parse_key(std::string_view text);

/// How much of a file has been read. To tell whether a file that has changed has grown or is
/// another one, two short pieces of it are remembered: its head, and what stands before `offset`.
struct Entry {
  static constexpr std::uint64_t kHeadBytes = 1024;
  static constexpr std::uint64_t kTailBytes = 256;

  Stamp stamp = {};  ///< when it was read
  parsers::Format format = parsers::Format::json;
  parsers::Compression compression = parsers::Compression::none;
  bool complete = false;  ///< all that was there with `stamp`
  bool cut = false;       ///< not all of it is kept by us (it was too large): not to be deleted
  std::uint64_t documents = 0;  ///< given to the pipeline
  std::uint64_t offset = 0;     ///< lines, not compressed: where to go on; else what was read
  std::uint64_t head_bytes = 0;
  std::uint64_t head_hash = 0;
  std::uint64_t tail_hash = 0;  ///< of min(offset, kTailBytes) before offset
  std::uint64_t content = 0;    ///< hash of all bytes; 0 for lines
  std::uint64_t path = 0;       ///< hash of its path
  bool operator==(const Entry&) const = default;

  bool has_lines() const { return parsers::has_lines(format); }
};
std::string to_text(const Entry& entry);
/// @returns nothing for what was not written by to_text
std::optional<Entry> parse_entry(std::string_view text);

}  // namespace cdviz::sources::folder

template <>
struct std::hash<cdviz::sources::folder::FileKey> {
  std::size_t operator()(const cdviz::sources::folder::FileKey& key) const noexcept {
    // Inodes are small numbers in a row: spread (the constant is 2^64 / the golden ratio).
    return static_cast<std::size_t>((key.inode ^ (key.device << 40U)) * 0x9e3779b97f4a7c15U);
  }
};
