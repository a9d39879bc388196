#include "pipeline/expression.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cloudevents/attributes.h"
#include "core/headers.h"

namespace cdviz::pipeline {
namespace {

/// Most texts of one IN: each is compared.
constexpr std::size_t kChoices = 100;

/// Nothing: it cannot be said, as an attribute is not there.
using Verdict = std::optional<bool>;

struct Value {
  bool is_name = false;
  std::string text;
};

std::optional<std::string_view> attribute_of(const EventData& event, std::string_view name) {
  if (name == "id") return event.id;
  if (name == "source") return event.source;
  if (name == "type") return event.type;
  if (name == "subject") return event.subject_id;
  if (name == "time") return event.timestamp;
  if (name == "specversion") return "1.0";
  if (name == "datacontenttype") return "application/json";
  return cloudevents::attribute(event.headers, name);
}

std::optional<std::string_view> value_of(const Value& value, const EventData& event) {
  return value.is_name ? attribute_of(event, value.text)
                       : std::optional<std::string_view>(value.text);
}

/// Behind the UTF-8 character at `at`.
std::size_t after_character(std::string_view text, std::size_t at) {
  do {
    ++at;
  } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
  return at;
}

/// Whether the pattern's element at `at` (not %) stands for the beginning of `text`.
/// @returns how much of each it takes; {0, 0} if it does not
std::pair<std::size_t, std::size_t> step(std::string_view pattern, std::size_t at,
                                         std::string_view text, std::size_t from) {
  if (from >= text.size()) return {0, 0};
  if (pattern[at] == '_') return {1, after_character(text, from) - from};
  const bool escaped = pattern[at] == '\\' && at + 1 < pattern.size() &&
                       std::string_view("%_\\").find(pattern[at + 1]) != std::string_view::npos;
  const std::size_t literal = escaped ? at + 1 : at;
  if (pattern[literal] != text[from]) return {0, 0};
  return {literal + 1 - at, 1};
}

/// Goes back to the last % only: no more than the product of both lengths.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t in_text = 0, in_pattern = 0;
  std::optional<std::size_t> behind_any;
  std::size_t any_takes_to = 0;
  for (;;) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '%') {
      behind_any = ++in_pattern;
      any_takes_to = in_text;
      continue;
    }
    if (in_pattern == pattern.size() && in_text == text.size()) return true;
    const auto [of_pattern, of_text] = in_pattern < pattern.size()
                                           ? step(pattern, in_pattern, text, in_text)
                                           : std::pair<std::size_t, std::size_t>{0, 0};
    if (of_pattern > 0) {
      in_pattern += of_pattern;
      in_text += of_text;
      continue;
    }
    if (!behind_any || any_takes_to >= text.size()) return false;
    in_pattern = *behind_any;
    in_text = any_takes_to = after_character(text, any_takes_to);
  }
}

}  // namespace

struct Expression::Node {
  enum class Kind : std::uint8_t { all, any, negation, constant, exists, equal, like, among };
  Kind kind = Kind::constant;
  bool truth = false;                                ///< constant
  std::vector<std::shared_ptr<const Node>> of = {};  ///< all, any, negation
  Value left = {};                                   ///< exists: the name
  std::vector<Value> right = {};                     ///< equal, like: one; among: some
};

namespace {

using Node = Expression::Node;
using Kind = Node::Kind;
using NodePointer = std::shared_ptr<const Node>;

Verdict verdict(const Node& node, const EventData& event);

/// One that decides is enough; else one that cannot be said leaves all of it open.
Verdict combine(const Node& node, const EventData& event, bool deciding) {
  bool open = false;
  for (const auto& one : node.of) {
    const Verdict found = verdict(*one, event);
    if (found == deciding) return deciding;
    open = open || !found;
  }
  return open ? Verdict() : Verdict(!deciding);
}

Verdict compare(const Node& node, const EventData& event) {
  const auto left = value_of(node.left, event);
  if (!left) return std::nullopt;
  if (node.kind == Kind::like) return is_like(*left, node.right.front().text);
  for (const Value& value : node.right) {
    const auto right = value_of(value, event);
    if (!right) return std::nullopt;
    if (*left == *right) return true;
  }
  return false;
}

Verdict verdict(const Node& node, const EventData& event) {
  switch (node.kind) {
    case Kind::all:
      return combine(node, event, false);
    case Kind::any:
      return combine(node, event, true);
    case Kind::negation: {
      const Verdict found = verdict(*node.of.front(), event);
      return found ? Verdict(!*found) : Verdict();
    }
    case Kind::constant:
      return node.truth;
    case Kind::exists:
      return attribute_of(event, node.left.text).has_value();
    default:
      return compare(node, event);
  }
}

NodePointer negation_of(Node node) {
  return std::make_shared<Node>(
      Node{.kind = Kind::negation, .of = {std::make_shared<Node>(std::move(node))}});
}

struct Token {
  enum class Kind : std::uint8_t { word, text, sign, end };
  Kind kind = Kind::end;
  std::string text;
  std::size_t at = 0;  ///< byte, from 0
};

/// Thrown within this file only: a parser of many small functions.
struct Wrong {
  std::size_t at;
  std::string what;
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = at;
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (is_word(c)) {
      while (at < text.size() && is_word(text[at])) ++at;
      tokens.push_back({Token::Kind::word, std::string(text.substr(start, at - start)), start});
    } else if (c == '\'' || c == '"') {
      std::string value;
      for (++at; at < text.size() && text[at] != c; ++at) {
        const bool quote = text[at] == '\\' && at + 1 < text.size() &&
                           (text[at + 1] == '\'' || text[at + 1] == '"');
        value += text[quote ? ++at : at];
      }
      if (at == text.size()) throw Wrong{start, "the text that begins here does not end"};
      ++at;
      tokens.push_back({Token::Kind::text, std::move(value), start});
    } else {
      const std::string_view two = text.substr(at, 2);
      const std::size_t size = two == "!=" || two == "<>" ? 2 : 1;
      if (size == 1 && std::string_view("()=,").find(c) == std::string_view::npos) {
        throw Wrong{start, "nothing begins with this character"};
      }
      at += size;
      tokens.push_back({Token::Kind::sign, std::string(text.substr(start, size)), start});
    }
  }
  tokens.push_back({Token::Kind::end, "", text.size()});
  return tokens;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  NodePointer all() {
    auto root = condition(0);
    if (next().kind != Token::Kind::end) wrong("AND, OR or the end is expected here");
    return root;
  }

 private:
  const Token& next() const { return tokens_[at_]; }
  [[noreturn]] void wrong(std::string what) const { throw Wrong{next().at, std::move(what)}; }
  bool is(std::string_view keyword) const {
    return next().kind == Token::Kind::word && equal_ignoring_case(next().text, keyword);
  }
  bool is_sign(std::string_view sign) const {
    return next().kind == Token::Kind::sign && next().text == sign;
  }
  bool take(std::string_view keyword) { return pass(is(keyword)); }
  bool take_sign(std::string_view sign) { return pass(is_sign(sign)); }
  bool pass(bool found) {
    if (found) ++at_;
    return found;
  }

  NodePointer condition(int depth) {
    auto first = term(depth);
    const bool any = is("OR");
    if (!any && !is("AND")) return first;
    Node node{.kind = any ? Kind::any : Kind::all, .of = {std::move(first)}};
    while (take(any ? "OR" : "AND")) node.of.push_back(term(depth));
    if (is("AND") || is("OR")) wrong("AND and OR are mixed: say with parentheses which goes first");
    return std::make_shared<Node>(std::move(node));
  }

  NodePointer term(int depth) {
    if (depth > Expression::kDepth) wrong("it is nested too deeply");
    if (take("NOT")) {
      if (!is("NOT") && !is("EXISTS") && !is_sign("(")) {
        wrong("what NOT is for must stand in parentheses");
      }
      return std::make_shared<Node>(Node{.kind = Kind::negation, .of = {term(depth + 1)}});
    }
    if (take_sign("(")) {
      auto inner = condition(depth + 1);
      if (!take_sign(")")) wrong("a parenthesis is not closed here");
      return inner;
    }
    if (is("TRUE") || is("FALSE")) {
      const bool truth = is("TRUE");
      ++at_;
      return std::make_shared<Node>(Node{.kind = Kind::constant, .truth = truth});
    }
    if (take("EXISTS")) {
      return std::make_shared<Node>(Node{.kind = Kind::exists, .left = name()});
    }
    return comparison();
  }

  NodePointer comparison() {
    Node node{.kind = Kind::equal, .left = value()};
    if (take_sign("=")) {
      node.right.push_back(value());
    } else if (take_sign("!=") || take_sign("<>")) {
      node.right.push_back(value());
      return negation_of(std::move(node));
    } else {
      const bool negated = take("NOT");
      if (take("LIKE")) {
        node.kind = Kind::like;
        node.right.push_back(text());
      } else if (take("IN")) {
        node.kind = Kind::among;
        node.right = choices();
      } else {
        wrong("=, !=, LIKE or IN is expected here");
      }
      if (negated) return negation_of(std::move(node));
    }
    return std::make_shared<Node>(std::move(node));
  }

  std::vector<Value> choices() {
    if (!take_sign("(")) wrong("( is expected here");
    std::vector<Value> all;
    do {
      if (all.size() == kChoices) wrong(fmt::format("IN takes {} texts", kChoices));
      all.push_back(text());
    } while (take_sign(","));
    if (!take_sign(")")) wrong(", or ) is expected here");
    return all;
  }

  Value text() {
    if (next().kind != Token::Kind::text) wrong("a text in quotes is expected here");
    return {.is_name = false, .text = tokens_[at_++].text};
  }

  Value name() {
    if (next().kind != Token::Kind::word || !cloudevents::is_attribute_name(next().text)) {
      wrong("the name of an attribute (a-z, 0-9) is expected here");
    }
    return {.is_name = true, .text = tokens_[at_++].text};
  }

  Value value() { return next().kind == Token::Kind::text ? text() : name(); }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Expression> Expression::parse(std::string_view text) {
  if (text.size() > kBytes) {
    return Error{Fault::stop, fmt::format("is longer than {} bytes", kBytes)};
  }
  try {
    return Expression(Parser(tokens_of(text)).all());
  } catch (const Wrong& wrong) {
    return Error{Fault::stop, fmt::format("at byte {}: {}", wrong.at + 1, wrong.what)};
  }
}

bool Expression::holds(const EventData& event) const {
  return verdict(*root_, event).value_or(false);
}

}  // namespace cdviz::pipeline
