#include "cdevents/user_schemas.h"

#include <array>
#include <utility>

#include "core/limits.h"

namespace cdviz::cdevents {
namespace {

constexpr std::array kSchemaOptions = {
    Option{.name = "file",
           .help =
               "Path of a JSON Schema (draft 2020-12), at most 1 MiB. A keyword that is not "
               "supported is a mistake. Schemas refer to each other by $id, or by paths relative "
               "to the file; nothing is fetched.",
           .required = true,
           .example = "/etc/cdviz/schemas/quota-exceeded.json"},
    Option{.name = "type",
           .help = "The whole event must be as the schema says if its context.type is this; `*` "
                   "stands for any characters.",
           .example = "dev.cdeventsx.mytool-quota.*"},
    Option{.name = "schema_uri",
           .help = "Likewise if its context.schemaUri is this, exactly. With `type`: if both are. "
                   "With neither the schema is only there for others to refer to.",
           .example = "https://example.com/schemas/quota-exceeded"},
};

}  // namespace

std::span<const Option> schema_options() { return kSchemaOptions; }

bool matches_wildcards(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one, which takes more and more
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::variant<UserSchemas, std::vector<JsonSchemas::Mistake>> UserSchemas::compile(
    std::vector<Entry> entries) {
  std::vector<JsonSchemas::Text> texts;
  std::vector<Selector> selectors;
  for (Entry& entry : entries) {
    if (!entry.type.empty() || !entry.schema_uri.empty()) {
      selectors.push_back({std::move(entry.type), std::move(entry.schema_uri), texts.size()});
    }
    texts.push_back(std::move(entry.text));
  }
  auto compiled = JsonSchemas::compile(texts);
  if (auto* mistakes = std::get_if<std::vector<JsonSchemas::Mistake>>(&compiled)) {
    return std::move(*mistakes);
  }
  return UserSchemas(std::move(std::get<JsonSchemas>(compiled)), std::move(selectors));
}

void UserSchemas::validate(std::string_view type, std::optional<std::string_view> schema_uri,
                           const simdjson::dom::element& root, std::vector<Problem>& problems,
                           bool numbers) const {
  for (const Selector& one : selectors_) {
    if (!one.schema_uri.empty() && one.schema_uri != schema_uri) continue;
    if (!one.type.empty() && !matches_wildcards(one.type, type)) continue;
    schemas_.validate(one.text, root, numbers, problems);
  }
}

}  // namespace cdviz::cdevents
