#include "cdevents/schema_evaluation.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "cdevents/json_schema.h"
#include "cdevents/json_value.h"
#include "core/limits.h"

namespace cdviz::cdevents::schema {
namespace {

namespace dom = simdjson::dom;
using Type = dom::element_type;

std::uint8_t kind_of(const dom::element& value) {
  switch (value.type()) {
    case Type::ARRAY:
      return kind::kArray;
    case Type::OBJECT:
      return kind::kObject;
    case Type::STRING:
      return kind::kText;
    case Type::BOOL:
      return kind::kBoolean;
    case Type::NULL_VALUE:
      return kind::kNull;
    default:
      return is_integer(value) ? kind::kInteger : kind::kFraction;
  }
}

/// "a string", "a string or an array"
std::string names_of(std::uint8_t kinds) {
  constexpr std::array<std::pair<std::uint8_t, const char*>, 7> kNames = {{
      {kind::kNumber, "a number"},
      {kind::kInteger, "an integer"},
      {kind::kText, "a string"},
      {kind::kBoolean, "a boolean"},
      {kind::kNull, "null"},
      {kind::kArray, "an array"},
      {kind::kObject, "an object"},
  }};
  std::string out;
  for (const auto& [bits, name] : kNames) {
    if ((kinds & bits) != bits) continue;
    kinds = static_cast<std::uint8_t>(kinds & ~bits);
    if (!out.empty()) out += " or ";
    out += name;
  }
  return out.empty() ? "a number" : out;
}

/// Bytes of a value that a message shows.
constexpr std::size_t kShownBytes = 60;

std::string shown(const dom::element& value) {
  std::string text = simdjson::minify(value);
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

bool matches(const RE2& pattern, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

}  // namespace

Instance::Instance(const dom::element& of) : kind(kind_of(of)), value(&of) {
  if (kind == kind::kText) text = of.get_string().value_unsafe();
}

std::string Path::pointer() const {
  if (above == nullptr) return {};
  std::string out = above->pointer();
  out += '/';
  if (is_index) return out + std::to_string(index);
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

/// What is known of one schema over one instance.
class Evaluation::Verdict {
 public:
  Verdict(Evaluation& evaluation, const Node& node, const Path& path, bool tell)
      : evaluation_(evaluation), node_(node), path_(path), tell_(tell) {}

  /// @param message  makes the text, without the schema's place
  template <class Message>
  void fail(std::string_view rule, Message message) {
    fail_at(path_, rule, message);
  }
  template <class Message>
  void fail_at(const Path& path, std::string_view rule, Message message) {
    holds_ = false;
    auto& problems = evaluation_.problems_;
    if (!tell_ || problems.size() >= limits::kProblems) return;
    problems.push_back(
        {path.pointer(), std::string(rule), fmt::format("{} (schema {})", message(), node_.place)});
  }
  void also(NodeId id, const Instance& instance, const Path& path) {
    if (!evaluation_.holds(id, instance, path, tell_)) holds_ = false;
  }
  void also(NodeId id, const Instance& instance) { also(id, instance, path_); }
  /// Without problems of its own.
  bool would_hold(NodeId id, const Instance& instance) const {
    return evaluation_.holds(id, instance, path_, false);
  }
  const Path& path() const { return path_; }
  bool holds() const { return holds_; }
  /// Nothing more is to be found out.
  bool ended() const { return (!holds_ && !tell_) || evaluation_.exhausted_; }

 private:
  Evaluation& evaluation_;
  const Node& node_;
  const Path& path_;
  const bool tell_;
  bool holds_ = true;
};

bool Evaluation::count_step() {
  if (++steps_ > JsonSchemas::kSteps) exhausted_ = true;
  return !exhausted_;
}

bool Evaluation::holds(NodeId id, const Instance& instance, const Path& path, bool tell) {
  if (frames_ >= JsonSchemas::kFrames) exhausted_ = true;
  if (!count_step()) return false;
  ++frames_;
  const Node& node = nodes_[id];
  Verdict verdict(*this, node, path, tell);
  if (node.never) {
    verdict.fail("false", [] { return "nothing is allowed here"; });
  } else if (node.kinds != kind::kAny && (node.kinds & instance.kind) == 0) {
    verdict.fail("type", [&] {
      return fmt::format("must be {}, is {}", names_of(node.kinds), names_of(instance.kind));
    });
  } else {
    check_values(node, instance, verdict);
    if (!verdict.ended()) check_combined(node, instance, verdict);
    if (verdict.ended()) {
      // as it is
    } else if (instance.kind == kind::kText) {
      if (node.text) check_text(node, instance.text, verdict);
    } else if ((instance.kind & kind::kNumber) != 0) {
      if (node.number && numbers_) check_number(node, *instance.value, verdict);
    } else if (instance.kind == kind::kArray) {
      if (node.array) check_array(node, instance.value->get_array().value_unsafe(), verdict);
    } else if (instance.kind == kind::kObject) {
      if (node.object) check_object(node, instance.value->get_object().value_unsafe(), verdict);
    }
  }
  --frames_;
  return verdict.holds();
}

bool Evaluation::equals(const dom::element& wanted, const Instance& instance) {
  if (instance.kind == kind::kText) {
    std::string_view text;
    return wanted.get_string().get(text) == simdjson::SUCCESS && text == instance.text;
  }
  if (!numbers_) {
    if ((instance.kind & kind::kNumber) != 0) return is_number(wanted);
    // There may be numbers within.
    constexpr std::uint8_t kComposed = kind::kArray | kind::kObject;
    if ((instance.kind & kComposed) != 0) return wanted.type() == instance.value->type();
  }
  const bool same = equal(wanted, *instance.value, steps_);
  count_step();
  return same;
}

void Evaluation::check_values(const Node& node, const Instance& instance, Verdict& verdict) {
  if (node.constant && !equals(*node.constant, instance)) {
    verdict.fail("const", [&] { return "must be " + shown(*node.constant); });
  }
  if (!node.listed || std::any_of(node.values.begin(), node.values.end(),
                                  [&](const auto& value) { return equals(value, instance); })) {
    return;
  }
  verdict.fail("enum", [&] {
    constexpr std::size_t kShown = 20;
    std::string list;
    for (std::size_t i = 0; i < node.values.size() && i < kShown; ++i) {
      if (i > 0) list += ", ";
      list += shown(node.values[i]);
    }
    if (node.values.size() > kShown) list += ", …";
    return "must be one of " + list;
  });
}

void Evaluation::check_text(const Node& node, std::string_view text, Verdict& verdict) {
  const TextRules& rules = *node.text;
  if (rules.length_min > 0 || rules.length_max != kNoMaximum) {
    const std::size_t length = code_points(text);
    if (length < rules.length_min) {
      verdict.fail("min_length", [&] {
        return fmt::format("has {} characters, at least {} are needed", length, rules.length_min);
      });
    }
    if (length > rules.length_max) {
      verdict.fail("max_length", [&] {
        return fmt::format("has {} characters, at most {} are allowed", length, rules.length_max);
      });
    }
  }
  if (rules.pattern && !matches(*rules.pattern, text)) {
    verdict.fail("pattern", [&] { return "must match " + rules.pattern->pattern(); });
  }
  if (rules.has_format != nullptr && !rules.has_format(text)) {
    verdict.fail("format", [&] { return fmt::format("must be a {}", rules.format); });
  }
}

void Evaluation::check_number(const Node& node, const dom::element& value, Verdict& verdict) {
  const NumberRules& rules = *node.number;
  if (rules.minimum && !std::is_gteq(compare_numbers(value, *rules.minimum))) {
    verdict.fail("minimum", [&] { return "must be at least " + shown(*rules.minimum); });
  }
  if (rules.maximum && !std::is_lteq(compare_numbers(value, *rules.maximum))) {
    verdict.fail("maximum", [&] { return "must be at most " + shown(*rules.maximum); });
  }
  if (rules.exclusive_minimum && !std::is_gt(compare_numbers(value, *rules.exclusive_minimum))) {
    verdict.fail("minimum", [&] { return "must be above " + shown(*rules.exclusive_minimum); });
  }
  if (rules.exclusive_maximum && !std::is_lt(compare_numbers(value, *rules.exclusive_maximum))) {
    verdict.fail("maximum", [&] { return "must be below " + shown(*rules.exclusive_maximum); });
  }
  if (rules.multiple_of && !is_multiple_of(value, *rules.multiple_of)) {
    verdict.fail("multiple_of",
                 [&] { return "must be a multiple of " + shown(*rules.multiple_of); });
  }
}

void Evaluation::check_array(const Node& node, const dom::array& array, Verdict& verdict) {
  const ArrayRules& rules = *node.array;
  std::size_t index = 0;
  for (const auto entry : array) {
    const NodeId inner = index < rules.prefix.size() ? rules.prefix[index] : rules.items;
    if (inner != kNone) {
      const Path path{.above = &verdict.path(), .index = index, .is_index = true};
      verdict.also(inner, Instance(entry), path);
    }
    ++index;
    if (verdict.ended()) return;
  }
  if (index < rules.items_min) {
    verdict.fail("min_items", [&] {
      return fmt::format("has {} elements, at least {} are needed", index, rules.items_min);
    });
  }
  if (index > rules.items_max) {
    verdict.fail("max_items", [&] {
      return fmt::format("has {} elements, at most {} are allowed", index, rules.items_max);
    });
  }
  if (rules.contains != kNone) check_contains(rules, array, verdict);
  if (rules.unique && !is_unique(array)) {
    verdict.fail("unique_items", [] { return "has the same element twice"; });
  }
}

void Evaluation::check_contains(const ArrayRules& rules, const dom::array& array,
                                Verdict& verdict) {
  std::size_t found = 0;
  for (const auto entry : array)
    found += verdict.would_hold(rules.contains, Instance(entry)) ? 1 : 0;
  if (found >= rules.contains_min && found <= rules.contains_max) return;
  verdict.fail("contains", [&] {
    return rules.contains_max == kNoMaximum
               ? fmt::format("{} of its elements are as \"contains\" says, at least {} must be",
                             found, rules.contains_min)
               : fmt::format("{} of its elements are as \"contains\" says, {} to {} must be", found,
                             rules.contains_min, rules.contains_max);
  });
}

bool Evaluation::is_unique(const dom::array& array) {
  std::vector<std::pair<std::uint64_t, dom::element>> entries;
  for (const auto entry : array) entries.emplace_back(hash_of(entry, steps_), entry);
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (std::size_t j = i + 1; j < entries.size() && entries[j].first == entries[i].first; ++j) {
      if (equal(entries[i].second, entries[j].second, steps_)) return !numbers_;
      if (!count_step()) return true;
    }
  }
  return true;
}

void Evaluation::check_object(const Node& node, const dom::object& object, Verdict& verdict) {
  const ObjectRules& rules = *node.object;
  std::vector<const ObjectRules::Member*> present;
  std::size_t members = 0;
  for (const auto field : object) {
    ++members;
    const ObjectRules::Member* known = rules.find(field.key);
    if (known != nullptr) present.push_back(known);
    check_member(rules, known, field, verdict);
    if (verdict.ended()) return;
  }
  if (members < rules.members_min) {
    verdict.fail("min_properties", [&] {
      return fmt::format("has {} members, at least {} are needed", members, rules.members_min);
    });
  }
  if (members > rules.members_max) {
    verdict.fail("max_properties", [&] {
      return fmt::format("has {} members, at most {} are allowed", members, rules.members_max);
    });
  }
  const auto is_present = [&](const ObjectRules::Member* member) {
    return member != nullptr && std::find(present.begin(), present.end(), member) != present.end();
  };
  const auto missing = [&](std::string_view name, std::string_view why) {
    const Path path{.above = &verdict.path(), .name = name};
    verdict.fail_at(path, "required", [&] { return "is missing" + std::string(why); });
  };
  if (rules.required > 0) {
    for (const auto& member : rules.members) {
      if (member.required && !is_present(&member)) missing(member.name, "");
    }
  }
  for (const auto* member : present) {
    for (const auto& need : member->needs) {
      const bool there = std::any_of(object.begin(), object.end(),
                                     [&](const auto& field) { return field.key == need; });
      if (!there) missing(need, fmt::format("; \"{}\" needs it", member->name));
    }
  }
}

void Evaluation::check_member(const ObjectRules& rules, const ObjectRules::Member* known,
                              const dom::key_value_pair& field, Verdict& verdict) {
  const Path path{.above = &verdict.path(), .name = field.key};
  if (rules.names != kNone) verdict.also(rules.names, Instance(field.key), path);
  const Instance value(field.value);
  bool matched = known != nullptr && known->schema != kNone;
  if (matched) verdict.also(known->schema, value, path);
  for (const auto& [pattern, inner] : rules.patterns) {
    if (!matches(*pattern, field.key)) continue;
    matched = true;
    verdict.also(inner, value, path);
  }
  if (matched || rules.additional == kNone) return;
  if (rules.closed) {
    verdict.fail_at(path, "additional", [] { return "is not a known name"; });
  } else {
    verdict.also(rules.additional, value, path);
  }
}

void Evaluation::check_combined(const Node& node, const Instance& instance, Verdict& verdict) {
  if (node.reference != kNone) verdict.also(node.reference, instance);
  for (const NodeId inner : node.all_of) {
    if (verdict.ended()) return;
    verdict.also(inner, instance);
  }
  const auto would_hold = [&](NodeId inner) { return verdict.would_hold(inner, instance); };
  if (!node.any_of.empty() && std::none_of(node.any_of.begin(), node.any_of.end(), would_hold)) {
    verdict.fail("any_of", [&] {
      return fmt::format("is as none of {} alternatives says", node.any_of.size());
    });
  }
  if (!node.one_of.empty()) {
    const auto holding = std::count_if(node.one_of.begin(), node.one_of.end(), would_hold);
    if (holding != 1) {
      verdict.fail("one_of", [&] {
        return fmt::format("is as {} of {} alternatives say, it must be exactly one", holding,
                           node.one_of.size());
      });
    }
  }
  if (node.no != kNone && would_hold(node.no)) {
    verdict.fail("not", [] { return "is as it must not be"; });
  }
  if (node.condition == kNone || verdict.ended()) return;
  const NodeId inner = would_hold(node.condition) ? node.then : node.otherwise;
  if (inner != kNone) verdict.also(inner, instance);
}

}  // namespace cdviz::cdevents::schema
