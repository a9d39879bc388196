// The releases of the specification by the names that they have.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cdevents/vocabulary.h"

namespace cdviz::cdevents {

/// The releases that have this kind, oldest first: "0.4.0", "0.4.1".
std::vector<std::string_view> releases_of(const EventKind& kind);

/// "0.5.1", "v0.5.1", or "0.5" for the last of them; "main" is the draft. @returns nothing when
/// there is no such release
std::optional<Release> parse_release(std::string_view name);

/// The kind of a subject and predicate in that release; null when the release does not have it.
const EventKind* find_kind(std::string_view subject, std::string_view predicate, Release release);

/// The kind that a person means by "dev.cdevents.service.deployed.0.2.0",
/// "service.deployed.0.2.0", or "service.deployed" for the newest one (a draft when no release has
/// it). Null when there is none.
const EventKind* find_kind(std::string_view name);

/// How the envelope of an era is called: "0.1", "0.2", "0.4", "0.5", the release that brought it.
std::string_view name_of(Era era);

/// By the rules of which era an event is judged: its type says it, and for custom events whether
/// they have a context.specversion. @returns nothing for a type that no release has
/// @param type  the event's context.type
/// @param document  all of the event
std::optional<Era> era_of(std::string_view type, const std::string& document);

/// A subject and predicate, and its version in each release.
struct TypeRow {
  std::string name;                                    ///< service.deployed
  std::array<const EventKind*, kReleases> kinds = {};  ///< null: the release does not have it
};

/// The whole vocabulary, in the order of the table.
std::vector<TypeRow> type_rows();

}  // namespace cdviz::cdevents
