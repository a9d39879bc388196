// Cuts a stream of bytes into lines, in pieces as they come: what is in memory is a piece and one
// line at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cdviz::parsers {

/// How much of a line that is too long is shown to people.
inline constexpr std::size_t kShownBytes = 1024;

/// One pass over a stream: feed() and then next() until it has nothing. Not thread-safe.
class LineSplitter {
 public:
  /// What ends a line.
  enum class Ends : std::uint8_t {
    newline,
    record,  ///< a newline that is not between the quotes of a field (RFC 4180 §2.6)
  };
  struct Line {
    /// Without the newline; a view that lives until the next call. Of a line that is too long the
    /// first kShownBytes.
    std::string_view text;
    std::uint64_t begin = 0;  ///< where it starts in the stream
    std::uint64_t end = 0;    ///< where the next one does
    bool is_too_long = false;
  };

  explicit LineSplitter(std::size_t line_bytes_max, Ends ends = Ends::newline)
      : line_bytes_max_(line_bytes_max), ends_(ends) {}

  /// @param bytes  borrowed until next() has given nothing
  void feed(std::string_view bytes) { piece_ = bytes; }
  /// The next line that is whole.
  std::optional<Line> next();
  /// What stands behind the last newline; nothing when nothing does. The next line begins behind
  /// it.
  std::optional<Line> rest();
  /// The same, left where it is.
  std::string_view pending() const { return line_; }
  /// True when `rest` would be within quotes.
  bool is_open() const { return quoted_; }

  /// Where the next line begins in the stream.
  std::uint64_t place() const { return place_; }
  /// For a stream that is read from there on. Only before the first feed().
  void start_at(std::uint64_t place) { place_ = place; }

 private:
  std::size_t end_of_line();
  std::size_t end_of_record();
  void keep(std::string_view bytes);
  Line give(std::string_view text, bool newline);

  std::size_t line_bytes_max_;
  Ends ends_;
  std::string_view piece_;   ///< what was not looked at yet
  std::string line_;         ///< the line under way, from the pieces before
  std::string given_;        ///< where a line lives that was given
  std::uint64_t bytes_ = 0;  ///< of the line under way, also those that were not kept
  std::uint64_t place_ = 0;
  bool quoted_ = false;
  bool field_begins_ = true;
};

}  // namespace cdviz::parsers
