#include "sources/folder/file_state.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace cdviz::sources::folder {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

/// Takes a number in hexadecimal, and the space behind it.
bool take(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

/// A file may be from any year; what is before 1833 or after 2106 counts as of these, so that times
/// can be subtracted.
std::int64_t nanoseconds(const timespec& time) {
  constexpr std::int64_t kFarthest = std::int64_t{1} << 32U;
  const auto seconds = std::clamp<std::int64_t>(time.tv_sec, -kFarthest, kFarthest);
  return seconds * kNanoseconds + time.tv_nsec;
}

}  // namespace

std::uint64_t hash_of(std::string_view bytes, std::uint64_t hash) {
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return hash;
}

Stamp stamp_of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

FileKey key_of(const struct stat& status, std::uint64_t device_of_folder) {
  const auto device = static_cast<std::uint64_t>(status.st_dev);
  return {device == device_of_folder ? 0 : device, static_cast<std::uint64_t>(status.st_ino)};
}

std::string to_text(const FileKey& key) {
  return key.device == 0 ? fmt::format("{:x}", key.inode)
                         : fmt::format("{:x}:{:x}", key.inode, key.device);
}

std::optional<FileKey> parse_key(std::string_view text) {
  FileKey key;
  if (!take(text, key.inode)) return std::nullopt;
  if (text.starts_with(':')) {
    text.remove_prefix(1);
    if (!take(text, key.device)) return std::nullopt;
  }
  return text.empty() ? std::optional(key) : std::nullopt;
}

/// "1 FORMAT COMPRESSION FLAGS SIZE MODIFIED CHANGED DOCUMENTS OFFSET HEAD_BYTES HEAD TAIL CONTENT
/// PATH", in hexadecimal; 1 is the version of this form.
std::string to_text(const Entry& entry) {
  return fmt::format("1 {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x}",
                     static_cast<unsigned>(entry.format), static_cast<unsigned>(entry.compression),
                     (entry.complete ? 1U : 0U) | (entry.cut ? 2U : 0U), entry.stamp.size,
                     static_cast<std::uint64_t>(entry.stamp.modified_ns),
                     static_cast<std::uint64_t>(entry.stamp.changed_ns), entry.documents,
                     entry.offset, entry.head_bytes, entry.head_hash, entry.tail_hash,
                     entry.content, entry.path);
}

std::optional<Entry> parse_entry(std::string_view text) {
  std::array<std::uint64_t, 14> numbers{};
  for (auto& number : numbers) {
    if (!take(text, number)) return std::nullopt;
  }
  if (!text.empty() || numbers[0] != 1) return std::nullopt;
  if (numbers[1] >= parsers::kFormatNames.size() || numbers[2] > 2) return std::nullopt;
  return Entry{.stamp = {numbers[4], static_cast<std::int64_t>(numbers[5]),
                         static_cast<std::int64_t>(numbers[6])},
               .format = static_cast<parsers::Format>(numbers[1]),
               .compression = static_cast<parsers::Compression>(numbers[2]),
               .complete = (numbers[3] & 1U) != 0,
               .cut = (numbers[3] & 2U) != 0,
               .documents = numbers[7],
               .offset = numbers[8],
               .head_bytes = numbers[9],
               .head_hash = numbers[10],
               .tail_hash = numbers[11],
               .content = numbers[12],
               .path = numbers[13]};
}

}  // namespace cdviz::sources::folder
