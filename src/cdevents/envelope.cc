#include "cdevents/envelope.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "cdevents/shape_parser.h"

namespace cdviz::cdevents {
namespace {

std::string_view envelope(std::string_view name) {
  for (const EnvelopeLine& line : kEnvelopeLines) {
    if (line.name == name) return line.shape;
  }
  throw std::logic_error("no envelope " + std::string(name));
}

std::string_view envelope_of(const EventKind& kind) {
  switch (kind.era) {
    case Era::v0_1:
      return envelope("0.1");
    case Era::v0_2:
      return envelope("0.2");
    case Era::v0_4:
      return envelope("0.4");
    case Era::v0_5:
      break;
  }
  const bool has_subject_type = kind.subject == "ticket" && kind.predicate == "closed";
  return envelope(has_subject_type ? "0.5 with subject.type" : "0.5");
}

std::string_view links_of(bool draft, Revision revision) {
  if (draft) return "LINKS_NEXT";
  return revision == Revision::v0_4_0 ? "LINKS_0_4_0" : "LINKS_0_4_1";
}

/// The schemas of these have had no format on their sources since they exist.
bool is_testing_event(std::string_view subject) {
  return subject == "testcaserun" || subject == "testsuiterun" || subject == "testoutput";
}

}  // namespace

Revision revision_of(std::string_view spec_version) {
  return spec_version.starts_with("0.4.0") ? Revision::v0_4_0 : Revision::v0_4_1;
}

Shape event_shape(const EventKind& kind, Revision revision) {
  const bool testing = is_testing_event(kind.subject);
  const bool draft = kind.first == Release::next;
  const std::string type = "(" + kind.type + ")";
  const std::string subject = "(" + std::string(kind.subject_type()) + ")";
  const std::array names = {
      NamedShape{"TYPE", type},
      NamedShape{"SUBJECT", subject},
      NamedShape{"SOURCE", testing ? "s1" : "ref1"},
      NamedShape{"SUBJECT_SOURCE", testing ? "s" : "ref1"},
      NamedShape{"LINKS", links_of(draft, kind.era == Era::v0_4 ? revision : Revision::v0_4_1)},
      NamedShape{"CONTENT", "{}"},
  };
  Shape shape = parse_shape(envelope_of(kind), names);
  const auto member = [](Shape& object, std::string_view name) -> Shape& {
    return std::find_if(object.members.begin(), object.members.end(),
                        [&](const Member& m) { return m.name == name; })
        ->shape;
  };
  member(member(shape, "subject"), "content") = kind.content;
  return shape;
}

Shape custom_event_shape(Era era, Revision revision) {
  if (era == Era::v0_5) revision = Revision::v0_4_1;
  const std::array names = {NamedShape{"LINKS", links_of(false, revision)}};
  return parse_shape(envelope(era == Era::v0_5 ? "custom 0.5" : "custom 0.4"), names);
}

}  // namespace cdviz::cdevents
