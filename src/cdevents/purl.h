// Package URLs, which name artifacts (https://github.com/package-url/purl-spec, ECMA-427):
//
//   pkg:type/namespace/name@version?qualifiers#subpath
//
// Producers write the same one in several ways ("@sha256%3A…" and "@sha256:…"); here it is taken
// apart, compared by its parts, and printed in the one canonical way.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace cdviz::cdevents {

/// A purl in its parts: decoded, and in the case that its type prescribes. What is not there is
/// empty.
struct Purl {
  std::string type;        ///< lower case: "oci"
  std::string name_space;  ///< the segments joined by '/', which none of them contains
  std::string name;
  std::string version;
  std::vector<std::pair<std::string, std::string>> qualifiers;  ///< sorted by key, each key once
  std::string subpath;                                          ///< as name_space

  /// Empty when there is no such qualifier.
  std::string_view qualifier(std::string_view key) const;
  /// What people call the version: for a digest ("sha256:…") the tag, if there is one; the tag also
  /// when there is no version. Empty when there is neither.
  std::string_view display_version() const;
  /// The canonical form.
  std::string text() const;

  bool operator==(const Purl& other) const = default;
};

/// The same artifact, wherever it was found: qualifiers and subpath do not count.
bool same_artifact(const Purl& a, const Purl& b);

/// Longer ones are refused.
inline constexpr std::size_t kPurlBytesMax = 4096;

/// Accepts what parsers should accept: "pkg://", characters that want to be encoded and are not.
/// @returns Fault::reject with what is wrong and where
Result<Purl> parse_purl(std::string_view text);

/// What the type prescribes and the purl does not keep: a namespace that is missing, or that must
/// not be. Nothing for types that are not registered. Such a purl is usable all the same.
std::optional<std::string> broken_type_rule(const Purl& purl);

}  // namespace cdviz::cdevents
