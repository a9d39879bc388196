// Fuzzes schemas of users and what is evaluated by them (src/cdevents/json_schema.h), with what
// must be true of every input: [schema, value, …], or a schema alone.
#include "cdevents/json_schema.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <simdjson.h>

#include "core/limits.h"

namespace {

using namespace cdviz;
using cdevents::JsonSchemas;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

std::variant<JsonSchemas, std::vector<JsonSchemas::Mistake>> compile(std::string json) {
  return JsonSchemas::compile({{"s.json", "file:///s.json", std::move(json)}});
}

void evaluate(const JsonSchemas& schemas, const JsonSchemas* inverted,
              const simdjson::dom::element& value) {
  std::vector<Problem> problems;
  const bool valid = schemas.validate(0, value, true, problems);
  must(valid == problems.empty(), "what is not valid has a problem, and only that");
  must(problems.size() <= limits::kProblems, "problems are limited");
  bool given_up = false;
  for (const Problem& problem : problems) {
    given_up = given_up || problem.rule == "schema_limit";
    must(!problem.rule.empty() && !problem.message.empty(), "a problem says what is wrong");
    must(problem.pointer.empty() || problem.pointer.front() == '/', "a pointer is one");
  }
  if (inverted == nullptr || given_up) return;
  std::vector<Problem> other;
  inverted->validate(0, value, true, other);
  if (!other.empty() && other.front().rule == "schema_limit") return;
  must(other.empty() != valid, "the verdict without problems is the same as with them");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto whole = compile(text);
  if (const auto* wrong = std::get_if<std::vector<JsonSchemas::Mistake>>(&whole)) {
    must(!wrong->empty() && wrong->front().text == 0, "a schema that is refused has a mistake");
  }
  simdjson::dom::parser parser;
  simdjson::dom::array parts;
  if (parser.allocate(size + 1, limits::kJsonDepth) != simdjson::SUCCESS) return 0;
  if (parser.parse(text).get_array().get(parts) != simdjson::SUCCESS || parts.size() < 2) return 0;
  const std::string schema = simdjson::minify(parts.at(0).value_unsafe());
  const auto compiled = compile(schema);
  const auto* schemas = std::get_if<JsonSchemas>(&compiled);
  if (schemas == nullptr) return 0;
  // Within another schema a reference to the root means something else.
  const bool refers = schema.find("$ref") != std::string::npos;
  const auto not_so = compile(R"({"not":)" + schema + "}");
  const auto* inverted = refers ? nullptr : std::get_if<JsonSchemas>(&not_so);
  bool is_schema = true;
  for (const auto value : parts) {
    if (!is_schema) evaluate(*schemas, inverted, value);
    is_schema = false;
  }
  return 0;
}
