// Where a JSON value ends, byte by byte, by strings and brackets alone.
#pragma once

#include <cstdint>
#include <vector>

namespace cdviz::commands {

/// One value. What can be no JSON any more ends at the line's end, or where the next line begins
/// an object that cannot stand there: that is how a document that was cut off looks in front of
/// the next one.
class ValueScanner {
 public:
  enum class Step : std::uint8_t {
    inside,  ///< the byte belongs to the value, which goes on
    last,    ///< the byte is the value's last
    after,   ///< the value has ended before this byte
    broken,  ///< the value was broken off before this byte
  };

  Step feed(char c);

 private:
  enum class State : std::uint8_t { start, word, text, escape, brackets, nonsense };

  Step start(char c);
  Step in_brackets(char c);
  Step open(char c);
  Step close(char c);
  bool value_may_begin() const;

  State state_ = State::start;
  std::vector<bool> open_;      ///< true: an object, false: an array
  char before_ = '\0';          ///< the last byte that is not space; '"' for a string
  bool is_line_start_ = false;  ///< only space since the line's end
};

}  // namespace cdviz::commands
