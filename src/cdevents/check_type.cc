#include "cdevents/check_type.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "cdevents/validator.h"
#include "core/event.h"

namespace cdviz::cdevents {
namespace {

constexpr std::string_view kPointer = "/context/type";

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

/// "0" of "0.4.0-draft"; empty when there is no number.
std::string_view major_of(std::string_view version) {
  return version.substr(0, std::min(version.find_first_not_of("0123456789"), version.size()));
}

/// Of a type that is not in the vocabulary.
std::optional<Problem> check_unknown(std::string_view type, ProblemList& problems) {
  const std::string lower = lower_case(type);
  const TypeParts parts = split_type(lower);
  const std::string pointer(kPointer);
  if (parts.prefix != "dev.cdevents") {
    problems.add(pointer, "unknown_type",
                 fmt::format("{}.… is not a family of types that CDEvents has; custom types are "
                             "dev.cdeventsx.<tool>-<resource>.<predicate>.<version>",
                             parts.prefix));
    return std::nullopt;
  }
  const EventKind* newest = Vocabulary::get().newest(parts.subject, parts.predicate);
  if (newest == nullptr) {
    problems.add(pointer, "unknown_type",
                 fmt::format("{}.{} is in no release of CDEvents; `cdviz-collector types` lists "
                             "what there is",
                             parts.subject, parts.predicate));
    return std::nullopt;
  }
  const std::string_view major = major_of(parts.version);
  if (major.empty() || major != major_of(newest->version)) {
    problems.add(pointer, "unknown_type",
                 fmt::format("version {} of {}.{} has another major version than the newest known "
                             "one, {}",
                             parts.version, parts.subject, parts.predicate, newest->version));
    return std::nullopt;
  }
  return Problem{pointer, "newer_version",
                 fmt::format("version {} of {}.{} is not known, the newest known one is {}: "
                             "accepted without further checks",
                             parts.version, parts.subject, parts.predicate, newest->version)};
}

}  // namespace

std::optional<Problem> check_against_specification(const simdjson::dom::element& root,
                                                   std::string_view type, ProblemList& problems) {
  const Vocabulary& vocabulary = Vocabulary::get();
  const EventKind* kind = vocabulary.find(type);
  if (kind == nullptr) kind = vocabulary.find(lower_case(type));
  if (kind != nullptr) {
    Validator::get().validate(*kind, root, problems);
    return std::nullopt;
  }
  if (split_type(type).prefix == "dev.cdeventsx") {
    Validator::get().validate_custom(root, problems);
    return std::nullopt;
  }
  return check_unknown(type, problems);
}

}  // namespace cdviz::cdevents
