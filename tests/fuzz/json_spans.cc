// Fuzzes the tree of JSON spans and its editor (src/core/json_spans.h), with what must be true of
// every input.
#include "core/json_spans.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace cdviz::json;

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// Looks at every value below, and changes some, as the length of the texts before says.
void visit(Value value, std::string_view whole, Editor& editor, std::size_t& seed) {
  const std::string_view text = value.text();
  must(!text.empty() && text.data() >= whole.data() &&
           text.data() + text.size() <= whole.data() + whole.size(),
       "a value stands in the text");
  must(!value.is_string() || value.is(value.string()), "a string is what it decodes to");
  seed = seed * 31 + text.size();
  if (value.is_object() && seed % 3 == 0) editor.append(value, "new", "[]");
  for (const Value child : value.children()) {
    must(!value.is_object() || child.is_named(child.name()), "a name is what it decodes to");
    visit(child, whole, editor, seed);
    if (seed % 5 == 0) editor.remove(child);
    if (seed % 5 == 1) editor.replace(child, "{\"r\":1}");
    if (seed % 5 == 2 && value.is_object()) editor.rename(child, "other");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = Tree::read(text);
  if (!tree) return 0;
  Editor editor(*tree);
  must(editor.print() == text, "without changes every byte stays");
  std::size_t seed = 0;
  visit(tree->root(), text, editor, seed);
  const std::string edited = editor.print();
  must(Tree::read(edited).has_value(), "what is printed can be read");
  return 0;
}
