#include "cdevents/vocabulary.h"

#include <algorithm>
#include <stdexcept>

#include "cdevents/shape_parser.h"

namespace cdviz::cdevents {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

struct Name {
  std::string_view subject;
  std::string_view predicate;
};

/// "branch.{created,deleted}" is two names.
std::vector<Name> expand(std::string_view predicates) {
  const auto dot = predicates.find('.');
  const std::string_view subject = predicates.substr(0, dot);
  std::string_view rest = predicates.substr(dot + 1);
  if (rest.starts_with('{')) rest = rest.substr(1, rest.size() - 2);
  std::vector<Name> names;
  for (const std::string_view predicate : split(rest, ',')) names.push_back({subject, predicate});
  return names;
}

Era era_of(Release release) {
  if (release <= Release::v0_1_2) return Era::v0_1;
  if (release <= Release::v0_3_0) return Era::v0_2;
  return release == Release::v0_4 ? Era::v0_4 : Era::v0_5;
}

/// The newest release that has the kind and is not a draft says how it looks: bodies under one
/// version do not differ between releases, save one, which the draft changed without a new version.
Release deciding(const EventKind& kind) {
  return kind.last == Release::next && kind.first != Release::next ? Release::v0_5 : kind.last;
}

Shape content_of(const EventKind& kind) {
  const Release release = deciding(kind);
  for (const ContentLine& line : kContentLines) {
    if (release < line.first || release > line.last) continue;
    const auto names = expand(line.predicates);
    const bool named = std::any_of(names.begin(), names.end(), [&](const Name& name) {
      return name.subject == kind.subject && name.predicate == kind.predicate;
    });
    if (named) return parse_shape(line.content);
  }
  throw std::logic_error("the vocabulary has no content for " + kind.type);
}

}  // namespace

std::string_view EventKind::subject_type() const {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kCamelCase = {
      {{"pipelinerun", "pipelineRun"},
       {"taskrun", "taskRun"},
       {"testcase", "testCase"},
       {"testsuite", "testSuite"},
       {"testcaserun", "testCaseRun"},
       {"testsuiterun", "testSuiteRun"},
       {"testoutput", "testOutput"}}};
  for (const auto& [lower, camel] : kCamelCase) {
    if (subject == lower) return camel;
  }
  return subject;
}

Vocabulary::Vocabulary() {
  for (const VersionLine& line : kVersionLines) {
    const auto versions = split(line.versions, ' ');
    if (versions.size() != kReleases) throw std::logic_error("a version for each release");
    for (const auto& [subject, predicate] : expand(line.predicates)) {
      for (std::size_t i = 0; i < kReleases; ++i) {
        if (versions[i] == "-") continue;
        const auto release = static_cast<Release>(i);
        if (!kinds_.empty() && kinds_.back().subject == subject &&
            kinds_.back().predicate == predicate && kinds_.back().version == versions[i]) {
          kinds_.back().last = release;
          continue;
        }
        EventKind kind{.type = {},
                       .subject = std::string(subject),
                       .predicate = std::string(predicate),
                       .version = std::string(versions[i]),
                       .first = release,
                       .last = release,
                       .era = era_of(release),
                       .content = {}};
        kind.type = "dev.cdevents." + kind.subject + "." + kind.predicate + "." + kind.version;
        kinds_.push_back(std::move(kind));
      }
    }
  }
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    kinds_[i].content = content_of(kinds_[i]);
    by_type_.emplace(kinds_[i].type, i);
  }
}

const Vocabulary& Vocabulary::get() {
  static const Vocabulary vocabulary;
  return vocabulary;
}

const EventKind* Vocabulary::find(std::string_view type) const {
  const auto found = by_type_.find(type);
  return found == by_type_.end() ? nullptr : &kinds_[found->second];
}

const EventKind* Vocabulary::newest(std::string_view subject, std::string_view predicate) const {
  const auto found = std::find_if(kinds_.rbegin(), kinds_.rend(), [&](const EventKind& kind) {
    return kind.subject == subject && kind.predicate == predicate && kind.first != Release::next;
  });
  return found == kinds_.rend() ? nullptr : &*found;
}

}  // namespace cdviz::cdevents
