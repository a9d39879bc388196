// Which paths are meant: patterns as shells and .gitignore have them, for files below a folder and
// for keys of objects. A pure function of text; paths are bytes, separated by '/'.
//
//   *       any characters but '/'          **      as a whole part: any number of folders
//   ?       one character but '/'           [a-z]   one of these, [!a-z] none of these
//   {a,b}   either of these                 \x      x itself
//   !…      at the front: what it matches is left out, whatever else matches
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace cdviz {

/// Immutable; safe to call from any thread.
class PathPatterns {
 public:
  static constexpr std::size_t kPatterns = 1000;      ///< given
  static constexpr std::size_t kPatternBytes = 1024;  ///< of each
  static constexpr std::size_t kAlternatives = 256;   ///< that the braces of one stand for

  /// Everything.
  PathPatterns() = default;

  /// @returns Fault::stop, with the pattern and what is wrong with it
  static Result<PathPatterns> parse(const std::vector<std::string>& patterns);

  /// True when a pattern matches (or all of them leave out) and none leaves it out. Takes time in
  /// proportion to path and pattern, multiplied, at most.
  /// @param path  "folder/name", without a slash at the front
  bool matches(std::string_view path) const;

  /// True when nothing below that folder can match, as a pattern "!folder/**" leaves it out.
  bool leaves_out_folder(std::string_view path) const;

  /// For what is inside.
  struct Token;
  using Part = std::vector<Token>;    ///< of a path, between slashes
  using Pattern = std::vector<Part>;  ///< a part that is `**` is empty

 private:
  std::vector<Pattern> wanted_;
  std::vector<Pattern> left_out_;
};

/// One piece of a part.
struct PathPatterns::Token {
  enum class Kind : unsigned char { character, any, star, set };
  Kind kind = Kind::character;
  char character = 0;
  bool negated = false;
  std::string ranges = {};  ///< of a set: pairs of first and last byte
};

}  // namespace cdviz
