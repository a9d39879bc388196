// The schemas of [[schemas]]: which of them an event must be as.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <simdjson.h>

#include "cdevents/json_schema.h"
#include "core/option.h"
#include "core/problem.h"

namespace cdviz::cdevents {

/// Constant once made: safe to use from any thread.
class UserSchemas {
 public:
  /// More are a mistake of the configuration.
  static constexpr std::size_t kSchemas = 256;

  struct Entry {
    std::string type;  ///< of context.type, "*" stands for any characters; empty: of every type
    std::string schema_uri;  ///< of context.schemaUri, exactly; empty: whatever it is
    JsonSchemas::Text text;
  };

  /// An entry with neither type nor schema_uri is there for the others to refer to.
  /// @returns the schemas, or everything that is wrong with them; `text` is the index of the entry
  static std::variant<UserSchemas, std::vector<JsonSchemas::Mistake>> compile(
      std::vector<Entry> entries);

  /// Adds what is wrong with an event by all schemas that its type and schemaUri select; none may
  /// be. The rules are those of JSON Schema in lower case: "required", "type", "additional",
  /// "enum", "const", "min_length", …, "false", "schema_limit".
  /// @param numbers  false: the numbers in `root` are not those of the document
  void validate(std::string_view type, std::optional<std::string_view> schema_uri,
                const simdjson::dom::element& root, std::vector<Problem>& problems,
                bool numbers = true) const;

 private:
  struct Selector {
    std::string type, schema_uri;
    std::size_t text;
  };
  UserSchemas(JsonSchemas schemas, std::vector<Selector> selectors)
      : schemas_(std::move(schemas)), selectors_(std::move(selectors)) {}

  JsonSchemas schemas_;
  std::vector<Selector> selectors_;
};

/// True if `text` is as `pattern` says, in which "*" stands for any characters, also none. Time is
/// the product of both lengths at the most.
bool matches_wildcards(std::string_view pattern, std::string_view text);

/// The options of each table of [[schemas]].
std::span<const Option> schema_options();

}  // namespace cdviz::cdevents
