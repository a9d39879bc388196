#include "cdevents/json_schema.h"

#include <utility>

#include "cdevents/schema_compiler.h"
#include "cdevents/schema_evaluation.h"
#include "core/limits.h"

namespace cdviz::cdevents {

JsonSchemas::JsonSchemas(std::shared_ptr<const schema::Compiled> compiled)
    : compiled_(std::move(compiled)) {}

std::variant<JsonSchemas, std::vector<JsonSchemas::Mistake>> JsonSchemas::compile(
    const std::vector<Text>& texts) {
  std::vector<Mistake> mistakes;
  auto compiled = schema::compile(texts, mistakes);
  if (!mistakes.empty()) return mistakes;
  return JsonSchemas(std::move(compiled));
}

bool JsonSchemas::validate(std::size_t text, const simdjson::dom::element& value, bool numbers,
                           std::vector<Problem>& problems) const {
  schema::Evaluation evaluation(compiled_->nodes, numbers, problems);
  const bool holds =
      evaluation.holds(compiled_->roots[text], schema::Instance(value), schema::Path{}, true);
  if (!evaluation.exhausted()) return holds;
  if (problems.size() < limits::kProblems) {
    problems.push_back({"", "schema_limit",
                        "is too large or too deep for its schema: the evaluation was given up "
                        "(schema " +
                            compiled_->nodes[compiled_->roots[text]].place + ")"});
  }
  return false;
}

}  // namespace cdviz::cdevents
