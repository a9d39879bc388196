#include "cdevents/notes.h"

#include <span>

#include "core/json_text.h"

namespace cdviz::cdevents {
namespace {

/// The name of a member of the object that `out` holds the beginning of.
void append_name(std::string& out, std::string_view name) {
  out += out.empty() ? '{' : ',';
  append_json_string(out, name);
  out += ':';
}

void append_list(std::string& out, std::string_view name, std::span<const std::string_view> items) {
  if (items.empty()) return;
  append_name(out, name);
  char before = '[';
  for (const std::string_view item : items) {
    out += before;
    append_json_string(out, item);
    before = ',';
  }
  out += ']';
}

void append_violations(std::string& out, const std::vector<Problem>& violations) {
  if (violations.empty()) return;
  append_name(out, "violations");
  char before = '[';
  for (const Problem& violation : violations) {
    out += before;
    std::string object;
    append_name(object, "pointer");
    append_json_string(object, violation.pointer);
    append_name(object, "rule");
    append_json_string(object, violation.rule);
    append_name(object, "message");
    append_json_string(object, violation.message);
    out += object + '}';
    before = ',';
  }
  out += ']';
}

}  // namespace

std::string notes_of(const Checked& checked, std::string_view original) {
  std::string out;
  append_violations(out, checked.violations);
  append_list(out, "normalised", checked.normalised);
  append_list(out, "mismatches", checked.mismatches);
  if (!original.empty()) {
    append_name(out, "original");
    append_json_string(out, original);
  }
  if (!out.empty()) out += '}';
  return out;
}

}  // namespace cdviz::cdevents
