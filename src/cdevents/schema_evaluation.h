// Evaluates compiled schemas over one value. Internal to json_schema.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cdevents/schema_node.h"
#include "core/problem.h"

namespace cdviz::cdevents::schema {

/// What a schema is evaluated over: a value, or the name of a member.
struct Instance {
  explicit Instance(const simdjson::dom::element& value);
  explicit Instance(std::string_view name) : kind(kind::kText), text(name) {}

  std::uint8_t kind;                              ///< one bit
  std::string_view text = {};                     ///< of a string
  const simdjson::dom::element* value = nullptr;  ///< null: a name
};

/// Where in the document: a list of steps on the stack.
struct Path {
  const Path* above = nullptr;
  std::string_view name = {};
  std::size_t index = 0;
  bool is_index = false;

  std::string pointer() const;
};

/// For one document. Not thread-safe.
class Evaluation {
 public:
  /// @param numbers  false: numbers are not looked at
  Evaluation(const std::vector<Node>& nodes, bool numbers, std::vector<Problem>& problems)
      : nodes_(nodes), numbers_(numbers), problems_(problems) {}

  /// @param tell  add problems, all of them; else the first one ends the search
  bool holds(NodeId id, const Instance& instance, const Path& path, bool tell);
  /// The evaluation was given up: the answer means nothing.
  bool exhausted() const { return exhausted_; }

 private:
  class Verdict;

  bool count_step();
  bool equals(const simdjson::dom::element& wanted, const Instance& instance);
  void check_values(const Node& node, const Instance& instance, Verdict& verdict);
  void check_text(const Node& node, std::string_view text, Verdict& verdict);
  void check_number(const Node& node, const simdjson::dom::element& value, Verdict& verdict);
  void check_array(const Node& node, const simdjson::dom::array& array, Verdict& verdict);
  void check_contains(const ArrayRules& rules, const simdjson::dom::array& array, Verdict& verdict);
  bool is_unique(const simdjson::dom::array& array);
  void check_object(const Node& node, const simdjson::dom::object& object, Verdict& verdict);
  void check_member(const ObjectRules& rules, const ObjectRules::Member* known,
                    const simdjson::dom::key_value_pair& field, Verdict& verdict);
  void check_combined(const Node& node, const Instance& instance, Verdict& verdict);

  const std::vector<Node>& nodes_;
  const bool numbers_;
  std::vector<Problem>& problems_;
  std::size_t steps_ = 0;
  std::size_t frames_ = 0;
  bool exhausted_ = false;
};

}  // namespace cdviz::cdevents::schema
