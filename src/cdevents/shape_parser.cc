#include "cdevents/shape_parser.h"

#include <algorithm>
#include <stdexcept>

namespace cdviz::cdevents {
namespace {

/// Recursive descent over the notation; every parse_… leaves `rest_` behind what it read.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Shape parse_all() {
    Shape shape = parse();
    if (!rest_.empty()) fail("text behind the shape");
    return shape;
  }

 private:
  Shape parse() {
    if (take('{')) return parse_object();
    if (take('(')) return parse_words();
    const std::string_view name = take_word();
    if (take('[')) {
      expect(']');
      return {.kind = Shape::Kind::list};
    }
    if (name == "s") return {};
    if (name == "s1") return {.not_empty = true};
    if (name == "uri") return {.format = Format::uri};
    if (name == "uri1") return {.not_empty = true, .format = Format::uri};
    if (name == "ref1") return {.not_empty = true, .format = Format::uri_reference};
    for (const NamedShape& named : kNamedShapes) {
      if (named.name == name) return parse_shape(named.shape);
    }
    fail("unknown shape");
  }

  Shape parse_object() {
    Shape shape{.kind = Shape::Kind::object};
    while (!take('}')) {
      if (!shape.members.empty()) {
        expect(',');
        expect(' ');
      }
      Member member;
      member.name = take_word();
      member.required = take('!');
      expect(':');
      member.shape = parse();
      shape.members.push_back(std::move(member));
    }
    shape.open = take('+');
    return shape;
  }

  Shape parse_words() {
    Shape shape;
    do {
      const std::string_view word = take_word();
      if (!take('*')) {
        shape.words.emplace_back(word);
        continue;
      }
      shape.any_word = true;
      shape.not_empty = word == "s1";
    } while (take('|'));
    expect(')');
    return shape;
  }

  std::string_view take_word() {
    const auto end = std::min(rest_.find_first_of("{}()[]!:,|*+ "), rest_.size());
    if (end == 0) fail("a word is missing");
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail("a character is missing");
  }
  [[noreturn]] void fail(const char* what) const {
    throw std::logic_error(std::string("vocabulary: ") + what + " at: " + std::string(rest_));
  }

  std::string_view rest_;
};

}  // namespace

Shape parse_shape(std::string_view text) { return Parser(text).parse_all(); }

}  // namespace cdviz::cdevents
