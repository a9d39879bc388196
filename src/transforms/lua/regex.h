// Patterns that a script uses, over RE2 (https://github.com/google/re2/wiki/Syntax): time grows
// with the text, whatever the pattern is.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/result.h"

namespace re2 {
class RE2;
}

namespace cdviz::transforms::lua {

/// A pattern of Lua (https://www.lua.org/manual/5.4/manual.html#6.4.1) in RE2's syntax, on bytes.
/// @returns Fault::reject for what RE2 does not have: %b, %f, back-references, position captures
Result<std::string> from_lua_pattern(std::string_view pattern);

/// Compiled patterns. Not thread-safe.
class Patterns {
 public:
  /// More are refused.
  static constexpr int kCaptures = 31;
  /// Instructions of a compiled one; larger ones are refused: matching takes time for each.
  static constexpr int kProgram = 500;

  Patterns();
  ~Patterns();
  enum class Syntax : unsigned char { re2, lua };
  /// Lives until the cache is full and begins anew: at least as long as no other is asked for.
  Result<std::shared_ptr<const re2::RE2>> get(std::string_view pattern, Syntax syntax);

 private:
  static constexpr std::size_t kPatterns = 256;
  static constexpr std::size_t kPatternBytes = 4'096;
  std::unordered_map<std::string, std::shared_ptr<const re2::RE2>> compiled_;
};

}  // namespace cdviz::transforms::lua
