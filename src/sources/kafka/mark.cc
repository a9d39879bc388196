#include "sources/kafka/mark.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace cdviz::sources::kafka {
namespace {

/// FNV-1a (RFC 9923), 64 bits.
class Fnv {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) {
      value_ ^= static_cast<unsigned char>(c);
      value_ *= 0x100000001b3;
    }
  }
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      value_ ^= (number >> shift) & 0xff;
      value_ *= 0x100000001b3;
    }
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

template <class T>
bool take_number(std::string_view& text, T& number, int base) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (code != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

}  // namespace

std::string to_string(const Partition& partition) {
  return fmt::format("{}/{}", partition.topic, partition.number);
}

std::string to_text(const Mark& mark) {
  return fmt::format("1 {} {} {:x}", mark.next, mark.committed, mark.last);
}

std::optional<Mark> parse_mark(std::string_view text) {
  int version = 0;
  Mark mark;
  if (!take_number(text, version, 10) || version != 1 || !take_number(text, mark.next, 10) ||
      !take_number(text, mark.committed, 10) || !take_number(text, mark.last, 16) ||
      !text.empty() || mark.next < 1 || mark.committed < -1) {
    return std::nullopt;
  }
  return mark;
}

std::uint64_t digest_of(std::int64_t timestamp, std::string_view key, std::string_view value) {
  constexpr std::size_t kEnd = 64;  // of a long value, both ends: this runs for every record
  Fnv digest;
  digest.add(static_cast<std::uint64_t>(timestamp));
  digest.add(key.size());
  digest.add(key.substr(0, kEnd));
  digest.add(value.size());
  digest.add(value.substr(0, kEnd));
  if (value.size() > kEnd) digest.add(value.substr(value.size() - kEnd));
  return digest.value();
}

bool own_mark_counts(std::optional<std::int64_t> group, const Mark& own, Reset reset) {
  if (group) {
    // Behind what it was when we last knew: moved back, to read again. Not behind ours: another
    // member went on, or nothing is to be gained.
    return own.committed <= *group && *group < own.next;
  }
  // The group had an offset and lost it: it was deleted, or the topic was, or time ran out. To
  // begin anew is what its absence asks for, and loses nothing unless that means the end.
  return own.committed < 0 || reset != Reset::earliest;
}

Proof prove(const Mark& own, std::int64_t offset, std::uint64_t digest) {
  if (offset > own.next - 1) return Proof::unknown;
  return offset == own.next - 1 && digest == own.last ? Proof::same : Proof::another;
}

}  // namespace cdviz::sources::kafka
