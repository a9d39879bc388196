// The vocabulary of CDEvents (https://github.com/cdevents/spec), every released version, as one
// table. The validators, the examples and the JSON Schemas are made from it; adding a version of
// the specification is adding lines here.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace cdviz::cdevents {

/// Releases whose vocabularies differ. 0.4.0 and 0.4.1 have the same types (the links differ),
/// 0.5.0 and 0.5.1 too (three schemas of 0.5.0 can never be satisfied and were mended in 0.5.1).
enum class Release : unsigned char { v0_1_0, v0_1_1, v0_1_2, v0_2_0, v0_3_0, v0_4, v0_5, next };
inline constexpr std::size_t kReleases = 8;
/// As the documents write them. The last one is the draft on the specification's main branch.
inline constexpr std::array<std::string_view, kReleases> kReleaseNames = {
    "0.1.0", "0.1.1", "0.1.2", "0.2.0", "0.3.0", "0.4.1", "0.5.1", "0.6.0-draft"};

/// Which version of an event each release has. "-": the release does not have the event.
struct VersionLine {
  std::string_view predicates;  ///< "pipelinerun.queued", or "branch.{created,deleted}"
  std::string_view versions;    ///< one for each Release, separated by spaces
};

/// The content of an event over a range of releases.
///
///   content := '{' [member {', ' member}] '}' ['+'] ['?']
///              '+': other members are allowed; '?': at least one of the members must be there
///   member  := name ['!' | '~'] ':' shape
///              '!': required; '~': accepted, though the release's own schema does not have it
///   shape   := one ['[]']                                 '[]': a list of such
///   one     := 's' string | 's1' not empty | 'uri' | 'uri1' not empty | 'ref1' uri-reference, not
///              empty | 'time' date-time | 'customtype' | 'customsubject' | 'domain' (format.h)
///            | '(' word {'|' word} ')' one of them; 's*' or 's1*' among them: any such string
///            | '<' shape {'|' shape} '>' one of these shapes
///            | content | NAME of kNamedShapes
struct ContentLine {
  std::string_view predicates;
  Release first;
  Release last;
  std::string_view content;
};

struct NamedShape {
  std::string_view name;
  std::string_view shape;
};

/// The whole event but for its content; which one a kind has is in envelope.cc. Names that only it
/// can fill: TYPE the context.type, SUBJECT the subject.type, SOURCE and SUBJECT_SOURCE the formats
/// of the two sources, LINKS as the revision spells them, CONTENT.
struct EnvelopeLine {
  std::string_view name;
  std::string_view shape;
};

extern const std::array<NamedShape, 25> kNamedShapes;
extern const std::array<EnvelopeLine, 7> kEnvelopeLines;
extern const std::array<VersionLine, 21> kVersionLines;
extern const std::array<ContentLine, 61> kContentLines;

}  // namespace cdviz::cdevents
