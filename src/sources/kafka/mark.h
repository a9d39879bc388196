// How far a partition has been read, kept in the queue with the events it covers; and where to go
// on when both this and the group say something.
//
// The group's offset may lag behind what is on our disk (we end between a commit of the queue and
// one to the group), it may be ahead (another member of the group went on), and it may have been
// moved on purpose. The log may be another one under the same name (the topic was deleted and made
// again). Reading a record twice is harmless, passing over one is not: so our own mark counts only
// where the group's offset shows that nobody but us moved it, and where the record before it is
// still the one that we saw.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cdviz::sources::kafka {

struct Partition {
  std::string topic;
  std::int32_t number = 0;
  auto operator<=>(const Partition&) const = default;
};

/// "topic/3": for messages, and the key of the checkpoint.
std::string to_string(const Partition& partition);

struct Mark {
  std::int64_t next = 0;        ///< offset of the first record that is not on disk
  std::int64_t committed = -1;  ///< the group's offset as far as we knew; -1: it had none
  std::uint64_t last = 0;       ///< digest_of the last record before `next`
  bool operator==(const Mark&) const = default;
};

/// "1 NEXT COMMITTED LAST", LAST in hexadecimal; 1 is the version of the format.
std::string to_text(const Mark& mark);
/// @returns nothing for what to_text did not write: then the group's offset counts alone
std::optional<Mark> parse_mark(std::string_view text);

/// Tells records of two logs apart; the same in every version of the program.
std::uint64_t digest_of(std::int64_t timestamp, std::string_view key, std::string_view value);

/// Where a partition begins when nothing is known of it: auto.offset.reset.
enum class Reset : std::uint8_t { earliest, latest, error };

/// Whether to go on from `own` if the log proves to be the same.
/// @param group  what the group has committed
bool own_mark_counts(std::optional<std::int64_t> group, const Mark& own, Reset reset);

/// What the first record that is read from own.next - 1 on says about the log.
enum class Proof : std::uint8_t {
  same,     ///< it is the record that we saw: go on behind it
  another,  ///< another one stands in its place: this log was never read, begin at its beginning
  unknown,  ///< it is gone (retention, compaction): go on as the group has it
};
Proof prove(const Mark& own, std::int64_t offset, std::uint64_t digest);

}  // namespace cdviz::sources::kafka
