// JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12), for the schemas of users:
// read and compiled once, then evaluated over documents that simdjson has parsed.
//
// Keywords: $id, $schema, $ref, $defs, type, enum, const, properties, required,
// additionalProperties, patternProperties, propertyNames, minProperties, maxProperties,
// dependentRequired, items, prefixItems, contains, minContains, maxContains, minItems, maxItems,
// uniqueItems, minLength, maxLength, pattern, format (date-time, uri, uri-reference: asserted),
// minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, allOf, anyOf, oneOf, not, if,
// then, else; and annotations. Any other keyword is a mistake: a rule that is not checked must not
// look as if it were. Patterns are those of RE2 (https://github.com/google/re2/wiki/Syntax).
//
// Numbers are compared as 64-bit integers or doubles; in a document with a number beyond those no
// number is looked at.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <simdjson.h>

#include "core/problem.h"

namespace cdviz::cdevents {

namespace schema {
struct Compiled;
}

/// Schemas that may refer to each other. Constant once made: safe to use from any thread.
class JsonSchemas {
 public:
  /// Of one text; a larger one is a mistake.
  static constexpr std::size_t kTextBytes = std::size_t{1} << 20U;
  /// Nesting of a schema's own JSON.
  static constexpr std::size_t kDepth = 128;
  /// Schemas and subschemas of all texts.
  static constexpr std::size_t kNodes = 100'000;
  /// Steps from schema to schema on the way to one value, at evaluation: beyond, the document is in
  /// violation.
  static constexpr std::size_t kFrames = 1024;
  /// Values and schemas looked at for one document, likewise: combinations of schemas can grow
  /// without bound.
  static constexpr std::size_t kSteps = 10'000'000;

  struct Text {
    std::string name;  ///< for messages: the path of the file
    std::string uri;   ///< absolute; what $id and $ref are relative to
    std::string json;
  };
  struct Mistake {
    std::size_t text;     ///< index
    std::string message;  ///< "#/properties/a: …"
  };

  /// @returns the schemas, or everything that is wrong with them
  static std::variant<JsonSchemas, std::vector<Mistake>> compile(const std::vector<Text>& texts);

  /// Adds what is wrong with `value` by the text with that index, at most up to
  /// limits::kProblems in `problems`.
  /// @param numbers  false: the numbers in `value` are not what the document says (beyond 64 bits)
  /// @returns whether it is valid
  bool validate(std::size_t text, const simdjson::dom::element& value, bool numbers,
                std::vector<Problem>& problems) const;

 private:
  explicit JsonSchemas(std::shared_ptr<const schema::Compiled> compiled);
  std::shared_ptr<const schema::Compiled> compiled_;
};

}  // namespace cdviz::cdevents
