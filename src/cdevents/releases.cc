#include "cdevents/releases.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cdevents/document.h"
#include "cdevents/problem_list.h"

namespace cdviz::cdevents {
namespace {

/// Every tag of the specification, and the vocabulary that it has.
constexpr std::array<std::pair<std::string_view, Release>, 10> kTags = {{
    {"0.1.0", Release::v0_1_0},
    {"0.1.1", Release::v0_1_1},
    {"0.1.2", Release::v0_1_2},
    {"0.2.0", Release::v0_2_0},
    {"0.3.0", Release::v0_3_0},
    {"0.4.0", Release::v0_4},
    {"0.4.1", Release::v0_4},
    {"0.5.0", Release::v0_5},
    {"0.5.1", Release::v0_5},
    {"0.6.0-draft", Release::next},
}};

}  // namespace

std::vector<std::string_view> releases_of(const EventKind& kind) {
  std::vector<std::string_view> names;
  for (const auto& [name, release] : kTags) {
    if (release >= kind.first && release <= kind.last) names.push_back(name);
  }
  return names;
}

std::optional<Release> parse_release(std::string_view name) {
  if (name == "main") return Release::next;
  if (name.starts_with('v')) name.remove_prefix(1);
  // Two numbers mean the last release that begins with them.
  const bool is_short = std::count(name.begin(), name.end(), '.') == 1;
  for (auto tag = kTags.rbegin(); tag != kTags.rend(); ++tag) {
    const auto& [full, release] = *tag;
    if (full == name || (is_short && full.starts_with(std::string(name) + "."))) return release;
  }
  return std::nullopt;
}

const EventKind* find_kind(std::string_view subject, std::string_view predicate, Release release) {
  const auto& kinds = Vocabulary::get().kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const EventKind& kind) {
    return kind.subject == subject && kind.predicate == predicate && kind.first <= release &&
           release <= kind.last;
  });
  return found == kinds.end() ? nullptr : &*found;
}

const EventKind* find_kind(std::string_view name) {
  const Vocabulary& vocabulary = Vocabulary::get();
  if (const EventKind* kind = vocabulary.find(name)) return kind;
  if (const EventKind* kind = vocabulary.find("dev.cdevents." + std::string(name))) return kind;
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const std::string_view subject = name.substr(0, dot);
  const std::string_view predicate = name.substr(dot + 1);
  if (const EventKind* kind = vocabulary.newest(subject, predicate)) return kind;
  return find_kind(subject, predicate, Release::next);
}

std::string_view name_of(Era era) {
  switch (era) {
    case Era::v0_1:
      return "0.1";
    case Era::v0_2:
      return "0.2";
    case Era::v0_4:
      return "0.4";
    case Era::v0_5:
      break;
  }
  return "0.5";
}

std::optional<Era> era_of(std::string_view type, const std::string& document) {
  if (const EventKind* kind = Vocabulary::get().find(type)) return kind->era;
  if (!type.starts_with("dev.cdeventsx.")) return std::nullopt;
  ProblemList problems;
  const Document parsed(document, problems);
  simdjson::dom::element unused;
  const bool is_new =
      problems.empty() &&
      parsed.root().at_key("context").at_key("specversion").get(unused) == simdjson::SUCCESS;
  return is_new ? Era::v0_5 : Era::v0_4;
}

std::vector<TypeRow> type_rows() {
  std::vector<TypeRow> rows;
  for (const EventKind& kind : Vocabulary::get().kinds()) {
    const std::string name = kind.subject + "." + kind.predicate;
    if (rows.empty() || rows.back().name != name) rows.push_back({.name = name});
    for (auto i = static_cast<std::size_t>(kind.first); i <= static_cast<std::size_t>(kind.last);
         ++i) {
      rows.back().kinds[i] = &kind;
    }
  }
  return rows;
}

}  // namespace cdviz::cdevents
