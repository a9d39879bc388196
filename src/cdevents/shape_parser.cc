#include "cdevents/shape_parser.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace cdviz::cdevents {
namespace {

/// Recursive descent over the notation; every parse_… leaves `rest_` behind what it read.
class Parser {
 public:
  Parser(std::string_view text, std::span<const NamedShape> names) : rest_(text), names_(names) {}

  Shape parse_all() {
    Shape shape = parse();
    if (!rest_.empty()) fail("text behind the shape");
    return shape;
  }

 private:
  Shape parse() {
    Shape shape = parse_one();
    while (take('[')) {
      expect(']');
      Shape list{.kind = Shape::Kind::list};
      list.parts.push_back(std::move(shape));
      shape = std::move(list);
    }
    return shape;
  }

  Shape parse_one() {
    if (take('{')) return parse_object();
    if (take('(')) return parse_words();
    if (take('<')) return parse_choice();
    const std::string_view name = take_word();
    if (name == "s") return {};
    if (name == "s1") return {.not_empty = true};
    if (name == "time") return {.format = Format::date_time};
    if (name == "uri") return {.format = Format::uri};
    if (name == "uri1") return {.not_empty = true, .format = Format::uri};
    if (name == "ref1") return {.not_empty = true, .format = Format::uri_reference};
    if (name == "customtype") return {.format = Format::custom_type};
    if (name == "customsubject") return {.format = Format::custom_subject};
    if (name == "domain") return {.not_empty = true, .format = Format::domain_id};
    return parse_named(name);
  }

  Shape parse_named(std::string_view name) {
    const auto has_name = [&](const NamedShape& named) { return named.name == name; };
    if (const auto own = std::find_if(names_.begin(), names_.end(), has_name);
        own != names_.end()) {
      return parse_shape(own->shape, names_);
    }
    const auto found = std::find_if(kNamedShapes.begin(), kNamedShapes.end(), has_name);
    if (found == kNamedShapes.end()) fail("unknown shape");
    return parse_shape(found->shape, names_);
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
      member.lenient = !member.required && take('~');
      expect(':');
      member.shape = parse();
      shape.members.push_back(std::move(member));
    }
    shape.open = take('+');
    shape.some_member = take('?');
    return shape;
  }

  Shape parse_choice() {
    Shape shape{.kind = Shape::Kind::choice};
    do {
      shape.parts.push_back(parse());
    } while (take('|'));
    expect('>');
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
    const auto end = std::min(rest_.find_first_of("{}()[]<>!~:,|*+? "), rest_.size());
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
  std::span<const NamedShape> names_;
};

}  // namespace

Shape parse_shape(std::string_view text, std::span<const NamedShape> names) {
  return Parser(text, names).parse_all();
}

}  // namespace cdviz::cdevents
