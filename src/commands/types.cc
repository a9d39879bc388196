// types: the vocabulary of CDEvents: which types there are, an example of one, its JSON Schema.
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cdevents/json_schema_text.h"
#include "cdevents/releases.h"
#include "cdevents/samples.h"
#include "commands/commands.h"
#include "commands/output.h"
#include "commands/print.h"
#include "commands/type_text.h"
#include "config/mistakes.h"
#include "core/event.h"

namespace cdviz::commands {
namespace {

using cdevents::Era;
using cdevents::EventKind;
using cdevents::Release;

struct Flags {
  std::string type;
  std::string release;
  std::string format = "text";
  bool example = false;
  bool full = false;
  bool schema = false;
};

/// The names of the vocabulary that look most like `name`, at most three.
std::string nearest_types(std::string_view name) {
  std::vector<std::string_view> names;
  const auto rows = cdevents::type_rows();
  const auto& kinds = cdevents::Vocabulary::get().kinds();
  if (name.starts_with("dev.")) {
    std::transform(kinds.begin(), kinds.end(), std::back_inserter(names),
                   [](const EventKind& kind) -> std::string_view { return kind.type; });
  } else {
    std::transform(rows.begin(), rows.end(), std::back_inserter(names),
                   [](const cdevents::TypeRow& row) -> std::string_view { return row.name; });
  }
  std::string near;
  for (int i = 0; i < 3; ++i) {
    const std::string_view found = config::nearest(name, names);
    if (found.empty()) break;
    near += fmt::format("{}{}", near.empty() ? "; near it: " : ", ", found);
    names.erase(std::find(names.begin(), names.end(), found));
  }
  return near.empty() ? "; `cdviz-collector types` lists all of them" : near;
}

int print_list(const Flags& flags, std::optional<Release> release) {
  for (const EventKind& kind : cdevents::Vocabulary::get().kinds()) {
    if (release && (kind.first > *release || kind.last < *release)) continue;
    if (flags.format == "json") {
      print("{}\n", type_json(kind));
    } else if (release) {
      print("{}\n", kind.type);
    }
  }
  if (flags.format == "text" && !release) print("{}", type_table());
  return 0;
}

int print_custom(const Flags& flags, std::optional<Release> release) {
  const Era era = release && *release < Release::v0_5 ? Era::v0_4 : Era::v0_5;
  if (release && *release < Release::v0_4) {
    return complain(kExitNothing, "custom events came with release 0.4.0");
  }
  if (flags.schema) {
    print("{}", cdevents::custom_json_schema_text(era));
  } else {
    print("{}\n", cdevents::custom_sample(
                      era, flags.full ? cdevents::Size::maximal : cdevents::Size::minimal));
  }
  return 0;
}

/// @returns null after it complained
const EventKind* find(const Flags& flags, std::optional<Release> release) {
  const EventKind* kind = cdevents::find_kind(flags.type);
  if (kind == nullptr) {
    complain(kExitNothing, fmt::format("no release of CDEvents has the type {}{}",
                                       shown(flags.type, 200), nearest_types(flags.type)));
    return nullptr;
  }
  if (!release || (kind->first <= *release && *release <= kind->last)) return kind;
  const bool says_version = flags.type.ends_with(kind->version);
  const EventKind* other = cdevents::find_kind(kind->subject, kind->predicate, *release);
  if (other != nullptr && !says_version) return other;
  complain(kExitNothing,
           fmt::format("release {} does not have {}{}", flags.release,
                       says_version ? kind->type : kind->subject + "." + kind->predicate,
                       other == nullptr ? "" : fmt::format("; it has {}", other->type)));
  return nullptr;
}

int run(const Flags& flags) {
  std::optional<Release> release;
  if (!flags.release.empty()) {
    release = cdevents::parse_release(flags.release);
    if (!release) {
      return complain(
          kExitWrongUsage,
          fmt::format("--release {}: there are {}, and main for the draft",
                      shown(flags.release, 40), fmt::join(cdevents::kReleaseNames, ", ")));
    }
  }
  if (flags.type.empty()) {
    if (flags.example || flags.schema) {
      return complain(kExitWrongUsage,
                      "of which type? For example: types service.deployed --example");
    }
    return print_list(flags, release);
  }
  if (split_type(flags.type).prefix == "dev.cdeventsx" && (flags.example || flags.schema)) {
    return print_custom(flags, release);
  }
  const EventKind* kind = find(flags, release);
  if (kind == nullptr) return kExitNothing;
  if (flags.schema) {
    print("{}", cdevents::json_schema_text(*kind));
  } else if (flags.example) {
    const auto size = flags.full ? cdevents::Size::maximal : cdevents::Size::minimal;
    print("{}\n", cdevents::sample(*kind, size));
  } else if (flags.format == "json") {
    print("{}\n", type_json(*kind));
  } else {
    print("{}", type_description(*kind));
  }
  return 0;
}

}  // namespace

void add_types(CLI::App& app, int& exit_code) {
  CLI::App* const verb = app.add_subcommand(
      "types", "The types of CDEvents: which there are, an example, a JSON Schema");
  verb->footer(
      "TYPE may be short: service.deployed.0.2.0, or service.deployed for the newest version.\n"
      "Examples:\n"
      "  cdviz-collector types\n"
      "  cdviz-collector types --release 0.5.1\n"
      "  cdviz-collector types service.deployed\n"
      "  cdviz-collector types service.deployed --release 0.4.1 --example\n"
      "  cdviz-collector types dev.cdevents.service.deployed.0.2.0 --schema > "
      "deployed.schema.json\n"
      "  cdviz-collector types dev.cdeventsx.mytool-resource.created.0.1.0 --example --full\n\n"
      "Exit codes: 0 printed, 1 there is no such type, 64 usage.");
  const auto flags = std::make_shared<Flags>();
  verb->add_option("TYPE", flags->type, "Only this type");
  verb->add_option("--release", flags->release,
                   "Only what this release of CDEvents has: 0.5.1, 0.4, main")
      ->type_name("RELEASE");
  verb->add_option("--format", flags->format, "How they are listed; json: one object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  auto* const example = verb->add_flag("--example", flags->example, "Print a valid event");
  verb->add_flag("--full", flags->full, "With everything the event may have")->needs(example);
  verb->add_flag("--schema", flags->schema, "Print the JSON Schema (draft 2020-12)")
      ->excludes(example);
  verb->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace cdviz::commands
