// The options that all sources of activity share, as rows for their tables, and what they mean.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "activity/artifact_events.h"
#include "config/options.h"
#include "core/option.h"

namespace cdviz::activity {

inline constexpr Option kPatternOption{
    .name = "pattern",
    .help =
        "Which things are artifacts, and what their paths say: `{name}/{version}/*.tar.gz` is "
        "a glob with named parts (`*` and `{part}` stay within a segment, `**` and `{part**}` "
        "do not); what begins with ^ is a regular expression (RE2) with named groups "
        "(?P<name>…). The parts are places for `purl`. Paths that do not match are left out.",
    .example = "{name}/{version}/*.tar.gz"};

/// @param fallback  the source's own template
constexpr Option purl_option(std::string_view fallback) {
  return {.name = "purl",
          .fallback = fallback,
          .help =
              "The package URL of an artifact: subject.id. Places stand between braces: "
              "{name}, {version} and the other parts of `pattern`, {path}, {folder}, {file}, "
              "{stem}, {extension}, {size}, {sha256}, {digest}, {etag}, {revision}, {tag}, and "
              "what the page of the source names. A qualifier or version with a place that "
              "has no value is left out."};
}

inline constexpr Option kContextSourceOption{
    .name = "context_source",
    .help =
        "context.source of the events. Without it: the URI of the place that is watched. "
        "Together with the facts of the thing it makes the ids of the events."};

inline constexpr Option kMetadataOption{
    .name = "metadata",
    .type = OptionType::free_table,
    .help = "The start of the metadata that transformers see; place, path and change are added."};

/// Reads the four. Problems are reported.
/// @param section    as Settings::section
/// @param of_source  places that things of this source fill beside those of every thing
/// @returns nothing if there was a problem
std::optional<Settings> read_settings(const config::Options& options, std::string_view section,
                                      std::span<const std::string> of_source);

}  // namespace cdviz::activity
