// Which things are artifacts, and what their paths say of them: name, version, whatever a template
// uses. Two notations, told apart by the first character:
//
//   {name}/{version}/*.tar.gz      a glob over the whole path, with named parts. '*' and '{part}'
//                                  stay within a segment, '**' and '{part**}' do not, "**/" may be
//                                  nothing at all, '?' is one character. Parts take as much as
//                                  they can, the first ones first. A brace that is meant as one is
//                                  written twice.
//   ^(?P<name>.+)-(?P<version>…)$  a regular expression of RE2 with named groups
//                                  (https://github.com/google/re2/wiki/Syntax)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "activity/thing.h"
#include "core/result.h"

namespace re2 {
class RE2;
}

namespace cdviz::activity {

/// Immutable; safe to call from any thread. Matching takes time linear in the path.
class PathPattern {
 public:
  /// Matches everything and says nothing.
  PathPattern() = default;

  /// @returns Fault::stop with what is wrong
  static Result<PathPattern> parse(std::string_view text);

  /// The named parts, in the order of the pattern.
  const std::vector<std::string>& names() const { return names_; }
  /// @param path  clean()
  /// @returns what the named parts are; nothing for a path that does not match
  std::optional<Facts> match(std::string_view path) const;

 private:
  std::shared_ptr<const re2::RE2> expression_;
  std::vector<std::string> names_;
};

}  // namespace cdviz::activity
