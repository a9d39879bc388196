// What a source that watches a place has found there: a file, an object, an image. Plain data, and
// its form in a ledger.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event.h"

namespace cdviz::activity {

/// Names and texts. For templates a later one counts before an earlier one of the same name.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// A thing at a place. What is not known is empty.
struct Thing {
  /// Within the place: a path, a key, "repository:tag". Any bytes, segments separated by '/'.
  std::string path;
  std::optional<std::uint64_t> size = {};  ///< bytes
  std::string sha256 = {};                 ///< of the content, lower-case hexadecimal
  std::string digest = {};                 ///< "sha256:…", for what is named by its digest
  std::string etag = {};
  std::string revision = {};          ///< the version id of a store that keeps several
  std::string tag = {};               ///< of an image
  std::optional<WallTime> time = {};  ///< when it was made or changed, as the place says it
  std::uint64_t occurrence = 0;       ///< how often the very same thing was there before
  Facts facts = {};                   ///< more for templates: "registry", "bucket"
  std::string details = {};           ///< a JSON object as text; goes into customData

  bool operator==(const Thing&) const = default;
};

/// Compact JSON, for a ledger in the queue. Bytes that are no text survive.
std::string to_text(const Thing& thing);
/// @returns nothing for what to_text did not write
std::optional<Thing> parse_thing(std::string_view text);

/// Of `text`, for people and for templates: what is not UTF-8, and control characters, become
/// U+FFFD.
std::string clean(std::string_view text);

/// What templates may use of any thing: path, file (its last segment), folder (what stands before),
/// stem and extension (of the file, at its last dot), size, sha256, digest, etag, revision, tag;
/// then thing.facts. All clean.
Facts facts_of(const Thing& thing);
/// The names of the first of these.
const std::vector<std::string>& fact_names();

/// The last value of that name; empty when there is none.
std::string_view fact(const Facts& facts, std::string_view name);

}  // namespace cdviz::activity
