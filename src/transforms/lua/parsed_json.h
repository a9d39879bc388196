// A JSON document (RFC 8259) of which only what is touched is converted: the tape that simdjson
// writes (https://github.com/simdjson/simdjson/blob/master/doc/tape.md), read in place, and for the
// numbers that a double cannot hold the digits of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "core/problem.h"

namespace cdviz::transforms::lua {

/// One document at a time. Not thread-safe. Keeps its buffers for the next document, unless one was
/// large.
class ParsedJson {
 public:
  /// The place of a value; valid until the next parse().
  using Index = std::uint32_t;
  enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };

  /// @param text  must stay as it is while the document is used
  /// @returns why it is no document within the limits (core/limits.h); nothing when it is one
  std::optional<Problem> parse(std::string_view text);

  static constexpr Index kRoot = 1;

  Kind kind(Index at) const;
  bool is_container(Index at) const { return tag(at) == '{' || tag(at) == '['; }
  bool boolean(Index at) const { return tag(at) == 't'; }
  /// Of Kind::integer: within 64 bits, with a sign.
  std::int64_t integer(Index at) const;
  std::string_view string(Index at) const;
  /// A number as it is written. The first call for a document looks at all of it.
  std::string_view number_text(Index at);
  /// Of Kind::number: the nearest double.
  double number(Index at);

  /// The place behind a value.
  Index after(Index at) const;
  /// The first child of a container; its end() when it is empty. Members of objects are a name, a
  /// string, and behind it the value.
  static Index first(Index container) { return container + 1; }
  /// Where the children of a container end.
  Index end(Index container) const { return after(container) - 1; }
  /// Elements or members.
  std::size_t count(Index container) const;
  /// The value of a member; the last of several with one name, as PostgreSQL's jsonb keeps it.
  /// @param steps  grows by the number of members that were looked at
  std::optional<Index> member(Index object, std::string_view name, std::size_t& steps) const;

  /// The JSON Pointer (RFC 6901) of a value. Looks at all of the document before it.
  std::string pointer(Index at) const;

 private:
  struct Number {
    Index at;
    std::string_view text;
  };
  char tag(Index at) const { return static_cast<char>(tape_[at] >> 56U); }
  std::uint64_t payload(Index at) const { return tape_[at] & 0x00FF'FFFF'FFFF'FFFFULL; }
  void find_numbers();

  simdjson::dom::parser parser_;
  const std::uint64_t* tape_ = nullptr;
  const std::uint8_t* strings_ = nullptr;
  std::string_view text_;
  bool has_numbers_ = true;  ///< false: those on the tape are all 0
  bool numbers_found_ = false;
  std::vector<Number> numbers_;
};

/// True when the shortest text of `number` (std::to_chars) names the same decimal number as `text`:
/// nothing is lost by keeping the double.
bool is_same_decimal(double number, std::string_view text);

}  // namespace cdviz::transforms::lua
