#include "commands/sink_filter.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cdviz::commands {
namespace {

/// Patterns in one list: each is tried on each event.
constexpr std::size_t kPatterns = 100;

std::vector<std::string> patterns_of(const config::Options& table, std::string_view key) {
  auto patterns = table.text_list(key);
  if (table.given(key) && patterns.empty()) {
    table.problem(key, "is empty: nothing fits it; give patterns, or take the key out");
  }
  if (patterns.size() > kPatterns) {
    table.problem(key, "has more than " + std::to_string(kPatterns) + " patterns");
  }
  return patterns;
}

pipeline::Patterns all_of(const config::Options& table) {
  return {.types = patterns_of(table, "type"),
          .sources = patterns_of(table, "source"),
          .subject_ids = patterns_of(table, "subject_id"),
          .environments = patterns_of(table, "environment"),
          .origins = patterns_of(table, "origin")};
}

}  // namespace

pipeline::Filter filter_of(const config::Options& sink) {
  const auto filter = sink.table("filter");
  pipeline::Filter all{.wanted = all_of(filter), .except = all_of(filter.table("except"))};
  if (filter.given("expression")) {
    if (auto expression = pipeline::Expression::parse(filter.text("expression"))) {
      all.expression = std::move(*expression);
    } else {
      filter.problem("expression", expression.error().message);
    }
  }
  return all;
}

}  // namespace cdviz::commands
