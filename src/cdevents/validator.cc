#include "cdevents/validator.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cdevents/document.h"
#include "cdevents/format.h"

namespace cdviz::cdevents {
namespace {

namespace dom = simdjson::dom;
using Node = ShapeSet::Node;

/// Where a value is, as a chain on the stack: turned into text only for a problem.
struct Place {
  const Place* outer = nullptr;
  std::string_view name = {};
  std::size_t index = 0;
  bool element = false;  ///< of a list: `index`; else the member `name`

  std::string pointer() const {
    if (outer == nullptr) return {};
    return outer->pointer() + "/" + (element ? std::to_string(index) : escape(name));
  }

 private:
  /// RFC 6901 §3
  static std::string escape(std::string_view name) {
    std::string out;
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
};

/// A text from the event for a message: at most about 80 bytes of it.
std::string quote(std::string_view text) {
  constexpr std::size_t kBytes = 80;
  if (text.size() <= kBytes) return fmt::format("\"{}\"", text);
  std::size_t end = kBytes;
  const auto continues = [&](std::size_t i) {
    return (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
  };
  while (end > 0 && continues(end)) --end;
  return fmt::format("\"{}…\"", text.substr(0, end));
}

std::optional<std::string_view> text_of(const dom::element& value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

class Validation {
 public:
  Validation(const ShapeSet& shapes, ProblemList& problems)
      : shapes_(shapes), problems_(problems) {}

  void check(const Node& node, const dom::element& value, const Place& place) {
    switch (node.kind) {
      case Shape::Kind::text:
        if (const auto text = text_of(value)) {
          check_text(node, *text, place);
        } else {
          wrong_type("a string", value, place);
        }
        return;
      case Shape::Kind::object: {
        dom::object object;
        if (value.get_object().get(object) == simdjson::SUCCESS) {
          check_object(node, object, place);
        } else {
          wrong_type("an object", value, place);
        }
        return;
      }
      case Shape::Kind::list:
        check_list(node, value, place);
        return;
      case Shape::Kind::choice:
        check_choice(node, value, place);
        return;
    }
  }

 private:
  /// @param message  a function that returns a std::string
  template <class Message>
  void add(const Place& place, std::string_view rule, Message message) {
    problems_.add_lazily([&] { return place.pointer(); }, rule, message);
  }
  void wrong_type(std::string_view expected, const dom::element& value, const Place& place) {
    add(place, "type", [&] { return fmt::format("must be {}, is {}", expected, kind_of(value)); });
  }

  void check_text(const Node& node, std::string_view text, const Place& place) {
    if (node.not_empty && text.empty()) {
      add(place, "min_length", [] { return std::string("must not be empty"); });
      return;
    }
    if (!node.words.empty() && !node.any_word &&
        std::find(node.words.begin(), node.words.end(), text) == node.words.end()) {
      add(place, "enum", [&] { return fmt::format("{}, is {}", one_of(node), quote(text)); });
      return;
    }
    if (node.format != Format::none && !has_format(text, node.format)) {
      const FormatName format = name_of(node.format);
      const std::string_view name = format.rule == "format" ? format.name : format.rule;
      add(place, format.rule,
          [&] { return fmt::format("must be {} ({}), is {}", format.meaning, name, quote(text)); });
    }
  }

  static std::string one_of(const Node& node) {
    if (node.words.size() == 1) return fmt::format("must be {}", node.words.front());
    return fmt::format("must be one of {}", fmt::join(node.words, ", "));
  }

  void check_object(const Node& node, const dom::object& object, const Place& place) {
    std::uint64_t seen = 0;
    for (const auto field : object) {
      const std::size_t at = find(node, field.key);
      if (at == node.members.size()) {
        if (!node.open) unknown_member(node, {&place, field.key});
        continue;
      }
      const std::uint64_t bit = std::uint64_t{1} << at;
      const Place inner{&place, field.key};
      if ((seen & bit) != 0)
        add(inner, "duplicate", [] { return std::string("the name is there more than once"); });
      seen |= bit;
      check(shapes_[node.members[at].shape], field.value, inner);
    }
    for (std::uint64_t missing = node.required & ~seen; missing != 0; missing &= missing - 1) {
      const auto at = static_cast<std::size_t>(std::countr_zero(missing));
      add({&place, node.members[at].name}, "required", [] { return std::string("is missing"); });
    }
    if (node.some_member && seen == 0) {
      add(place, "required",
          [&] { return fmt::format("must have at least one of {}", names(node)); });
    }
  }

  static std::size_t find(const Node& node, std::string_view name) {
    std::size_t at = 0;
    while (at < node.members.size() && node.members[at].name != name) ++at;
    return at;
  }

  static std::string names(const Node& node) {
    std::string text;
    for (const ShapeSet::Member& member : node.members) {
      text += text.empty() ? "" : ", ";
      text += member.name;
    }
    return text;
  }

  void unknown_member(const Node& node, const Place& place) {
    add(place, "additional", [&] {
      return node.members.empty()
                 ? std::string("is not known here: the specification has no members")
                 : fmt::format("is not known here; the specification has {}", names(node));
    });
  }

  void check_list(const Node& node, const dom::element& value, const Place& place) {
    dom::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) {
      wrong_type("an array", value, place);
      return;
    }
    std::size_t index = 0;
    for (const dom::element element : array) {
      check(shapes_[node.parts.front()], element,
            {.outer = &place, .index = index++, .element = true});
    }
  }

  void check_choice(const Node& node, const dom::element& value, const Place& place) {
    const bool is_text = value.is_string();
    dom::object object;
    const bool is_object = value.get_object().get(object) == simdjson::SUCCESS;
    std::size_t objects = 0;
    for (const ShapeSet::Id id : node.parts) {
      const Node& part = shapes_[id];
      if (is_text && part.kind == Shape::Kind::text) return check(part, value, place);
      if (part.kind != Shape::Kind::object) continue;
      ++objects;
      if (is_object && is_meant(part, object)) return check_object(part, object, place);
    }
    if (objects < node.parts.size()) {
      add(place, "one_of",
          [&] { return fmt::format("must be an object or a string, is {}", kind_of(value)); });
    } else if (!is_object) {
      wrong_type("an object", value, place);
    } else {
      no_alternative(node, object, place);
    }
  }

  /// The first member's one word tells the alternatives apart; an alternative without members is
  /// alone.
  bool is_meant(const Node& part, const dom::object& object) const {
    if (part.members.empty()) return true;
    const auto& [name, shape] = part.members.front();
    dom::element value;
    if (object.at_key(name).get(value) != simdjson::SUCCESS) return false;
    const auto text = text_of(value);
    return text && *text == shapes_[shape].words.front();
  }

  void no_alternative(const Node& node, const dom::object& object, const Place& place) {
    std::string words;
    std::string_view name;
    dom::element value;
    bool there = false;
    for (const ShapeSet::Id id : node.parts) {
      const auto& [first, shape] = shapes_[id].members.front();
      if (!there) {
        name = first;
        there = object.at_key(name).get(value) == simdjson::SUCCESS;
      }
      const std::string_view word = shapes_[shape].words.front();
      if (words.find(word) != std::string::npos) continue;
      words += words.empty() ? "" : ", ";
      words += word;
    }
    const Place inner{&place, name};
    if (!there) {
      add(inner, "required", [&] { return fmt::format("is missing; must be one of {}", words); });
    } else if (const auto text = text_of(value)) {
      add(inner, "enum",
          [&] { return fmt::format("must be one of {}, is {}", words, quote(*text)); });
    } else {
      wrong_type("a string", value, inner);
    }
  }

  const ShapeSet& shapes_;
  ProblemList& problems_;
};

/// A member of context that is a text; empty when there is none.
std::string_view context_text(const dom::element& root, std::string_view name) {
  std::string_view text;
  if (root.at_key("context").at_key(name).get_string().get(text) != simdjson::SUCCESS) return {};
  return text;
}

}  // namespace

void validate(const ShapeSet& shapes, ShapeSet::Id shape, const dom::element& value,
              ProblemList& problems) {
  Validation(shapes, problems).check(shapes[shape], value, {});
}

Validator::Validator() {
  for (const EventKind& kind : Vocabulary::get().kinds()) {
    const ShapeSet::Id shape = shapes_.add(event_shape(kind));
    const bool differs = kind.era == Era::v0_4;
    kinds_.push_back({.v0_4_0 = differs ? shapes_.add(event_shape(kind, Revision::v0_4_0)) : shape,
                      .other = shape});
  }
  custom_v0_4_ = {.v0_4_0 = shapes_.add(custom_event_shape(Era::v0_4, Revision::v0_4_0)),
                  .other = shapes_.add(custom_event_shape(Era::v0_4, Revision::v0_4_1))};
  custom_v0_5_ = shapes_.add(custom_event_shape(Era::v0_5));
}

const Validator& Validator::get() {
  static const Validator validator;
  return validator;
}

void Validator::validate(const EventKind& kind, const dom::element& root,
                         ProblemList& problems) const {
  const auto at = static_cast<std::size_t>(&kind - Vocabulary::get().kinds().data());
  OfKind shapes = kinds_.at(at);
  const bool old = shapes.v0_4_0 != shapes.other &&
                   revision_of(context_text(root, "version")) == Revision::v0_4_0;
  cdevents::validate(shapes_, old ? shapes.v0_4_0 : shapes.other, root, problems);
}

void Validator::validate_custom(const dom::element& root, ProblemList& problems) const {
  const auto has = [&](std::string_view name) {
    dom::element unused;
    return root.at_key("context").at_key(name).get(unused) == simdjson::SUCCESS;
  };
  const bool old = has("version") && !has("specversion");
  const bool oldest = revision_of(context_text(root, "version")) == Revision::v0_4_0;
  const ShapeSet::Id v0_4 = oldest ? custom_v0_4_.v0_4_0 : custom_v0_4_.other;
  cdevents::validate(shapes_, old ? v0_4 : custom_v0_5_, root, problems);
}

}  // namespace cdviz::cdevents
