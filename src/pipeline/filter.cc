#include "pipeline/filter.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "cdevents/user_schemas.h"
#include "core/json_spans.h"

namespace cdviz::pipeline {
namespace {

bool any_fits(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return cdevents::matches_wildcards(pattern, text);
  });
}

bool fits_or_none(const std::vector<std::string>& patterns, std::string_view text) {
  return patterns.empty() || any_fits(patterns, text);
}

std::optional<std::string> environment_of(std::string_view event) {
  const auto tree = json::Tree::read(event);
  if (!tree) return std::nullopt;
  std::optional<json::Value> value = tree->root();
  for (const std::string_view name : {"subject", "content", "environment", "id"}) {
    value = value->find(name);
    if (!value) return std::nullopt;
  }
  return value->is_string() ? std::optional(value->string()) : std::nullopt;
}

}  // namespace

bool Patterns::empty() const {
  return types.empty() && sources.empty() && subject_ids.empty() && environments.empty() &&
         origins.empty();
}

bool Patterns::fit(const EventData& event) const {
  if (!fits_or_none(types, event.type) || !fits_or_none(sources, event.source) ||
      !fits_or_none(subject_ids, event.subject_id) || !fits_or_none(origins, event.origin)) {
    return false;
  }
  if (environments.empty()) return true;
  const auto environment = environment_of(event.json);
  return environment && any_fits(environments, *environment);
}

bool Filter::passes(const EventData& event) const {
  return (!expression || expression->holds(event)) && wanted.fit(event) &&
         (except.empty() || !except.fit(event));
}

}  // namespace cdviz::pipeline
