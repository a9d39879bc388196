#include "config/value.h"

#include <utility>

namespace cdviz::config {

const Value* Value::find(std::string_view name) const {
  const auto* table = members();
  if (table == nullptr) return nullptr;
  const auto found = table->find(name);
  return found == table->end() ? nullptr : &found->second;
}

std::string_view describe(const Value& value) {
  struct Describe {
    std::string_view operator()(const Value::Members&) const { return "a table"; }
    std::string_view operator()(const Value::Array&) const { return "an array"; }
    std::string_view operator()(const std::string&) const { return "text"; }
    std::string_view operator()(const Value::Untyped&) const { return "text"; }
    std::string_view operator()(std::int64_t) const { return "an integer"; }
    std::string_view operator()(double) const { return "a number with a fraction"; }
    std::string_view operator()(bool) const { return "a boolean"; }
    std::string_view operator()(const Value::Moment&) const { return "a date or time"; }
  };
  return std::visit(Describe{}, value.data);
}

void merge(Value& under, Value over) {
  auto* below = under.members();
  auto* above = over.members();
  if (below == nullptr || above == nullptr) {
    under = std::move(over);
    return;
  }
  // The table keeps its place: a missing key is reported where the table was written first.
  for (auto& [name, value] : *above) {
    const auto found = below->find(name);
    if (found == below->end()) {
      below->emplace(name, std::move(value));
    } else {
      merge(found->second, std::move(value));
    }
  }
}

}  // namespace cdviz::config
