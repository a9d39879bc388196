// From "a thing at a place was created, modified, moved or deleted" to CDEvents about an artifact
// (https://github.com/cdevents/spec/blob/v0.5.1/continuous-integration.md#artifact):
//
//   created, modified   artifact.published
//   moved               artifact.published, and artifact.deleted of what it was before
//   deleted             artifact.deleted
//
// What is said twice has the same id both times: it is made from the facts of the thing, never from
// the moment when somebody looked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "activity/path_pattern.h"
#include "activity/purl_template.h"
#include "activity/thing.h"
#include "core/message.h"

namespace cdviz::activity {

enum class Change : std::uint8_t { created, modified, moved, deleted };
/// "created", …
std::string_view to_string(Change change);

struct Happening {
  Change change = Change::created;
  std::string_view place = {};      ///< a URI: context.source, unless the settings have one
  const Thing& thing;               ///< deleted: as it was last seen
  const Thing* former = nullptr;    ///< modified, moved: as it was before
  WallTime seen = {};               ///< when we noticed
  std::optional<WallTime> at = {};  ///< when it happened, if the place says it of the happening
  std::string_view user = {};       ///< who did it, if known
};

struct Settings {
  std::string section;       ///< the member of customData that tells of the thing: "file", "oci"
  PathPattern pattern = {};  ///< things whose path does not match it are left out
  PurlTemplate purl;
  std::string source = {};      ///< context.source; empty: the place
  std::string metadata = "{}";  ///< a JSON object: where each message's metadata starts
};

/// What a purl template may use: what every thing has (fact_names()), name and version, what the
/// source adds, and the named parts of the pattern.
std::vector<std::string> places(std::span<const std::string> of_source, const PathPattern& pattern);

/// Immutable; safe to call from any thread.
class ArtifactEvents {
 public:
  explicit ArtifactEvents(Settings settings);

  /// Whether the pattern lets the thing in.
  bool covers(const Thing& thing) const;
  /// @returns none for a thing that the pattern leaves out. A message has problems when no event
  /// can be made of the thing: it becomes a dead letter.
  std::vector<Message> messages(const Happening& happening) const;

 private:
  Message message(const Happening& happening, const Thing& thing, bool deleted) const;
  std::optional<Facts> all_facts(const Thing& thing) const;
  /// A move that changes no name and no version takes nothing away.
  bool is_same_artifact(const Thing& one, const Thing& other) const;

  Settings settings_;
};

}  // namespace cdviz::activity
