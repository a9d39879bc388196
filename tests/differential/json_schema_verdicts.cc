// For tests: reads lines of [schema, value, …] and writes, for each, one character a value: 1
// valid, 0 not, or E for a schema that is not taken.
#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include <simdjson.h>

#include "cdevents/json_schema.h"

int main() {
  using cdviz::cdevents::JsonSchemas;
  simdjson::dom::parser parser;
  for (std::string line; std::getline(std::cin, line);) {
    simdjson::dom::array parts;
    if (parser.parse(line).get_array().get(parts) != simdjson::SUCCESS || parts.size() < 2)
      return 1;
    auto compiled = JsonSchemas::compile(
        {{"schema", "https://example.com/schema", simdjson::minify(parts.at(0).value_unsafe())}});
    if (!std::holds_alternative<JsonSchemas>(compiled)) {
      std::cout << "E\n";
      continue;
    }
    bool is_schema = true;
    for (const auto value : parts) {
      if (!is_schema) {
        std::vector<cdviz::Problem> problems;
        std::cout << std::get<JsonSchemas>(compiled).validate(0, value, true, problems);
      }
      is_schema = false;
    }
    std::cout << '\n';
  }
  return 0;
}
