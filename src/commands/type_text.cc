#include "commands/type_text.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cdevents/format.h"
#include "cdevents/releases.h"
#include "commands/output.h"
#include "core/json_text.h"

namespace cdviz::commands {
namespace {

using cdevents::EventKind;
using cdevents::Member;
using cdevents::Shape;

std::string_view version_in(const cdevents::TypeRow& row, std::size_t release) {
  return row.kinds[release] == nullptr ? "-" : std::string_view(row.kinds[release]->version);
}

std::string text_of(const Shape& shape) {
  std::string text =
      shape.words.empty() ? "text" : fmt::format("{}", fmt::join(shape.words, " | "));
  if (shape.any_word) text += " | any other text";
  if (shape.format != cdevents::Format::none) text = cdevents::name_of(shape.format).name;
  if (shape.not_empty) text += ", not empty";
  return text;
}

std::string kind_of(const Shape& shape) {
  switch (shape.kind) {
    case Shape::Kind::text:
      return text_of(shape);
    case Shape::Kind::list:
      return "list of " + kind_of(shape.parts.front());
    case Shape::Kind::object:
      return shape.open ? "object; other members are allowed" : "object";
    case Shape::Kind::choice:
      break;
  }
  return "object or text";
}

/// One line a member, those of objects below them.
void describe(std::string& out, const Shape& shape, const std::string& path) {
  for (const Member& member : shape.members) {
    const std::string name = path + member.name;
    out += fmt::format("  {:<24} {:<9} {}\n", name, member.required ? "required" : "",
                       kind_of(member.shape));
    describe(out, member.shape, name + ".");
  }
}

}  // namespace

std::string type_table() {
  std::string out = fmt::format("{:<24}", "");
  for (const auto name : cdevents::kReleaseNames) out += fmt::format(" {:<10}", name);
  while (out.ends_with(' ')) out.pop_back();
  out += '\n';
  for (const auto& row : cdevents::type_rows()) {
    std::string line = fmt::format("{:<24}", row.name);
    for (std::size_t i = 0; i < cdevents::kReleases; ++i) {
      line += fmt::format(" {:<10}", version_in(row, i));
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + '\n';
  }
  return out +
         "\nA type is dev.cdevents.<subject>.<predicate>.<version>. 0.4.0 has the types of 0.4.1, "
         "0.5.0 those of 0.5.1.\n";
}

std::string type_page() {
  std::string out =
      "<!-- Written by `cdviz-collector reference`: do not edit. -->\n"
      "# Types of CDEvents\n\n"
      "Which version of an event each release of [CDEvents](https://cdevents.dev) has; every one "
      "of "
      "them is understood. A type is\n`dev.cdevents.<subject>.<predicate>.<version>`. 0.4.0 has "
      "the "
      "types of 0.4.1, 0.5.0 those of 0.5.1. `cdviz-collector types service.deployed`\nshows one "
      "([CDEvents](../cdevents.md#the-vocabulary)).\n\n| subject.predicate |";
  for (const auto name : cdevents::kReleaseNames) out += fmt::format(" {} |", name);
  out += "\n|---|";
  for (std::size_t i = 0; i < cdevents::kReleases; ++i) out += "---|";
  out += '\n';
  for (const auto& row : cdevents::type_rows()) {
    out += fmt::format("| {} |", row.name);
    for (std::size_t i = 0; i < cdevents::kReleases; ++i) {
      out += fmt::format(" {} |", row.kinds[i] == nullptr ? "–" : version_in(row, i));
    }
    out += '\n';
  }
  return out;
}

std::string type_description(const EventKind& kind) {
  std::string out = fmt::format("{}\nreleases:      {}\n", kind.type,
                                fmt::join(cdevents::releases_of(kind), ", "));
  if (kind.era != cdevents::Era::v0_5) {
    out += fmt::format("subject.type:  {}\n",
                       kind.era == cdevents::Era::v0_1 ? "any" : kind.subject_type());
  }
  if (kind.content.members.empty()) return out + "content:       {}\n";
  out += "content:\n";
  describe(out, kind.content, "");
  return out;
}

std::string type_json(const EventKind& kind) {
  std::string releases = "[";
  for (const auto name : cdevents::releases_of(kind)) {
    if (releases.size() > 1) releases += ',';
    append_json_string(releases, name);
  }
  return JsonObject()
      .text("type", kind.type)
      .text("subject", kind.subject)
      .text("predicate", kind.predicate)
      .text("version", kind.version)
      .text("era", cdevents::name_of(kind.era))
      .raw("releases", releases + "]")
      .done();
}

}  // namespace cdviz::commands
