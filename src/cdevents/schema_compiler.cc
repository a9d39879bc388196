#include "cdevents/schema_compiler.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "cdevents/date_time.h"
#include "cdevents/uri_format.h"
#include "cdevents/uri_resolve.h"
#include "core/percent.h"

namespace cdviz::cdevents::schema {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kDraft = "https://json-schema.org/draft/2020-12/schema";
/// Memory of one compiled pattern.
constexpr std::int64_t kPatternBytes = std::int64_t{1} << 20U;

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> kTypes = {{
    {"array", kind::kArray},
    {"boolean", kind::kBoolean},
    {"integer", kind::kInteger},
    {"null", kind::kNull},
    {"number", kind::kNumber},
    {"object", kind::kObject},
    {"string", kind::kText},
}};

struct FormatRule {
  std::string_view name;
  bool (*holds)(std::string_view);
};
constexpr std::array<FormatRule, 3> kFormats = {{
    {"date-time", &is_date_time},
    {"uri", &is_uri},
    {"uri-reference", &is_uri_reference},
}};

/// Keywords that restrict nothing. Names that begin with "x-" are such too.
constexpr std::array<std::string_view, 13> kAnnotations = {
    "$comment",   "contentEncoding", "contentMediaType", "contentSchema", "default",
    "deprecated", "description",     "example",          "examples",      "readOnly",
    "title",      "writeOnly",       "$schema",
};

std::string step(std::string_view name) {
  std::string out = "/";
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

/// Where a schema stands.
struct Place {
  std::size_t text;
  std::string pointer;  ///< in the text
  std::string base;     ///< what $ref and $id are relative to
};

class Compiler {
 public:
  Compiler(const std::vector<JsonSchemas::Text>& texts, std::vector<JsonSchemas::Mistake>& mistakes)
      : texts_(texts), mistakes_(mistakes) {}

  std::shared_ptr<const Compiled> compile() && {
    for (std::size_t i = 0; i < texts_.size(); ++i) read(i);
    for (const Reference& one : references_) resolve(one);
    if (mistakes_.empty()) find_circles();
    return out_;
  }

 private:
  struct Reference {
    NodeId from;
    Place place;
    std::string uri;  ///< with fragment, as written
  };
  using Keyword = void (Compiler::*)(NodeId, const Place&, const dom::element&);

  void wrong(const Place& place, std::string_view message) {
    mistakes_.push_back({place.text, fmt::format("#{}: {}", place.pointer, message)});
  }

  void read(std::size_t text) {
    const JsonSchemas::Text& source = texts_[text];
    const Place place{text, "", source.uri};
    out_->roots.push_back(kNone);
    if (source.json.size() > JsonSchemas::kTextBytes) {
      return wrong(place, fmt::format("is {} bytes long, at most {} are read", source.json.size(),
                                      JsonSchemas::kTextBytes));
    }
    auto& parser = out_->parsers.emplace_back(std::make_unique<dom::parser>());
    dom::element root;
    auto error = parser->allocate(source.json.size() + 1, JsonSchemas::kDepth);
    if (error == simdjson::SUCCESS) error = parser->parse(source.json).get(root);
    if (error != simdjson::SUCCESS) {
      return wrong(place, fmt::format("is not JSON, or goes beyond 64-bit numbers or {} levels: {}",
                                      JsonSchemas::kDepth, simdjson::error_message(error)));
    }
    resources_.emplace(source.uri, std::pair{text, std::string{}});
    out_->roots[text] = add(root, place);
  }

  /// The node of a schema, with all that is in it.
  NodeId add(const dom::element& schema, Place place) {
    if (out_->nodes.size() >= JsonSchemas::kNodes) {
      if (!too_many_) wrong(place, fmt::format("more than {} schemas", JsonSchemas::kNodes));
      too_many_ = true;
      return kNone;
    }
    const auto id = static_cast<NodeId>(out_->nodes.size());
    out_->nodes.emplace_back().place = texts_[place.text].name + "#" + place.pointer;
    places_.emplace(std::pair{place.text, place.pointer}, id);
    bool yes = false;
    dom::object object;
    if (schema.get_bool().get(yes) == simdjson::SUCCESS) {
      node(id).never = !yes;
    } else if (schema.get_object().get(object) == simdjson::SUCCESS) {
      add_object(id, object, place);
    } else {
      wrong(place, "a schema is an object, true or false");
    }
    return id;
  }

  void add_object(NodeId id, const dom::object& object, Place& place) {
    // The base holds for the whole object, wherever $id stands in it.
    std::vector<std::string_view> seen;
    for (const auto field : object) {
      if (field.key == "$id") set_id(field.value, place);
      if (std::find(seen.begin(), seen.end(), field.key) != seen.end()) {
        wrong(place, fmt::format("\"{}\" is there twice", field.key));
      }
      seen.push_back(field.key);
    }
    for (const auto field : object) {
      if (field.key == "$id") continue;
      if (field.key == "$schema") {
        check_draft(field.value, place);
      } else if (const auto keyword = keywords().find(field.key); keyword != keywords().end()) {
        (this->*keyword->second)(id, inside(place, field.key), field.value);
      } else if (!field.key.starts_with("x-") && std::find(kAnnotations.begin(), kAnnotations.end(),
                                                           field.key) == kAnnotations.end()) {
        wrong(
            inside(place, field.key),
            "this keyword is not supported, and a rule that is not checked must not look as if it "
            "were; take it out");
      }
    }
  }

  static Place inside(const Place& place, std::string_view name) {
    return {place.text, place.pointer + step(name), place.base};
  }

  void set_id(const dom::element& value, Place& place) {
    std::string_view id;
    if (value.get_string().get(id) != simdjson::SUCCESS || !is_uri_reference(id) || id.empty() ||
        id.find('#') != std::string_view::npos) {
      return wrong(inside(place, "$id"), "must be a URI reference without a fragment");
    }
    place.base = resolve_uri(place.base, id);
    const auto [at, added] = resources_.emplace(place.base, std::pair{place.text, place.pointer});
    if (!added && at->second != std::pair{place.text, place.pointer}) {
      wrong(inside(place, "$id"), fmt::format("{} has this id too", texts_[at->second.first].name));
    }
  }

  void check_draft(const dom::element& value, const Place& place) {
    std::string_view draft;
    const auto error = value.get_string().get(draft);
    if (draft.ends_with('#')) draft.remove_suffix(1);
    if (error == simdjson::SUCCESS && draft == kDraft) return;
    wrong(inside(place, "$schema"), fmt::format("must be \"{}\": other drafts mean other things by "
                                                "the same words",
                                                kDraft));
  }

  Node& node(NodeId id) { return out_->nodes[id]; }
  template <class Rules>
  static Rules& made(std::unique_ptr<Rules>& rules) {
    if (!rules) rules = std::make_unique<Rules>();
    return *rules;
  }
  TextRules& text_of(NodeId id) { return made(node(id).text); }
  NumberRules& number_of(NodeId id) { return made(node(id).number); }
  ArrayRules& array_of(NodeId id) { return made(node(id).array); }
  ObjectRules& object_of(NodeId id) { return made(node(id).object); }

  // What a keyword's value must be; each says what is wrong.

  std::optional<std::string_view> text(const Place& place, const dom::element& value) {
    std::string_view out;
    if (value.get_string().get(out) == simdjson::SUCCESS) return out;
    wrong(place, "must be a string");
    return std::nullopt;
  }
  std::optional<dom::array> list(const Place& place, const dom::element& value) {
    dom::array out;
    if (value.get_array().get(out) == simdjson::SUCCESS) return out;
    wrong(place, "must be an array");
    return std::nullopt;
  }
  std::optional<dom::object> table(const Place& place, const dom::element& value) {
    dom::object out;
    if (value.get_object().get(out) == simdjson::SUCCESS) return out;
    wrong(place, "must be an object");
    return std::nullopt;
  }
  void count(std::size_t& out, const Place& place, const dom::element& value) {
    std::uint64_t number = 0;
    double real = 0;
    if (value.get_uint64().get(number) == simdjson::SUCCESS) {
      out = number;
    } else if (value.get_double().get(real) == simdjson::SUCCESS && real >= 0 && real < 1e15 &&
               static_cast<double>(static_cast<std::uint64_t>(real)) == real) {
      out = static_cast<std::uint64_t>(real);  // 2.0
    } else {
      wrong(place, "must be a whole number, 0 or more");
    }
  }
  void bound(NumberRules::Bound& out, const Place& place, const dom::element& value) {
    double number = 0;
    if (value.get_double().get(number) != simdjson::SUCCESS)
      return wrong(place, "must be a number");
    out = value;
  }
  std::vector<std::string> texts(const Place& place, const dom::element& value) {
    std::vector<std::string> out;
    if (const auto entries = list(place, value)) {
      for (const auto entry : *entries) {
        if (const auto one = text(place, entry)) out.emplace_back(*one);
      }
    }
    return out;
  }
  std::vector<NodeId> schemas(const Place& place, const dom::element& value) {
    std::vector<NodeId> out;
    const auto entries = list(place, value);
    if (!entries) return out;
    for (const auto entry : *entries)
      out.push_back(add(entry, inside(place, std::to_string(out.size()))));
    if (out.empty()) wrong(place, "must not be empty");
    return out;
  }
  std::unique_ptr<RE2> pattern(const Place& place, std::string_view text) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternBytes);
    auto out = std::make_unique<RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (!out->ok()) {
      wrong(place, fmt::format("this pattern cannot be used: {} (RE2 has no lookahead and no "
                               "backreferences)",
                               out->error()));
    }
    return out;
  }

  // Keywords, in the order of the specification.

  void ref(NodeId id, const Place& place, const dom::element& value) {
    const auto uri = text(place, value);
    if (!uri) return;
    if (!is_uri_reference(*uri)) return wrong(place, "must be a URI reference");
    references_.push_back({id, place, std::string(*uri)});
  }
  void defs(NodeId, const Place& place, const dom::element& value) {
    const auto entries = table(place, value);
    if (!entries) return;
    for (const auto field : *entries) add(field.value, inside(place, field.key));
  }

  void type(NodeId id, const Place& place, const dom::element& value) {
    std::uint8_t kinds = 0;
    const auto add_type = [&](const dom::element& entry) {
      std::string_view name;
      const auto error = entry.get_string().get(name);
      const auto known = std::find_if(kTypes.begin(), kTypes.end(),
                                      [&](const auto& one) { return one.first == name; });
      if (error != simdjson::SUCCESS || known == kTypes.end()) {
        return wrong(place,
                     "must be array, boolean, integer, null, number, object or string, or a list");
      }
      kinds |= known->second;
    };
    if (value.is_array()) {
      const dom::array entries = value.get_array().value_unsafe();
      for (const auto entry : entries) add_type(entry);
    } else {
      add_type(value);
    }
    node(id).kinds = kinds;
  }
  void enumeration(NodeId id, const Place& place, const dom::element& value) {
    const auto entries = list(place, value);
    if (!entries) return;
    node(id).listed = true;
    for (const auto entry : *entries) node(id).values.push_back(entry);
  }
  void constant(NodeId id, const Place&, const dom::element& value) { node(id).constant = value; }

  void max_length(NodeId id, const Place& place, const dom::element& value) {
    count(text_of(id).length_max, place, value);
  }
  void min_length(NodeId id, const Place& place, const dom::element& value) {
    count(text_of(id).length_min, place, value);
  }
  void text_pattern(NodeId id, const Place& place, const dom::element& value) {
    if (const auto one = text(place, value)) text_of(id).pattern = pattern(place, *one);
  }
  void format(NodeId id, const Place& place, const dom::element& value) {
    const auto name = text(place, value);
    if (!name) return;
    for (const FormatRule& known : kFormats) {
      if (known.name != *name) continue;
      text_of(id).has_format = known.holds;
      text_of(id).format = known.name;
      return;
    }
    wrong(place, "this format is not checked; known: date-time, uri, uri-reference");
  }

  void minimum(NodeId id, const Place& place, const dom::element& value) {
    bound(number_of(id).minimum, place, value);
  }
  void maximum(NodeId id, const Place& place, const dom::element& value) {
    bound(number_of(id).maximum, place, value);
  }
  void exclusive_minimum(NodeId id, const Place& place, const dom::element& value) {
    bound(number_of(id).exclusive_minimum, place, value);
  }
  void exclusive_maximum(NodeId id, const Place& place, const dom::element& value) {
    bound(number_of(id).exclusive_maximum, place, value);
  }
  void multiple_of(NodeId id, const Place& place, const dom::element& value) {
    double number = 0;
    if (value.get_double().get(number) != simdjson::SUCCESS || number <= 0) {
      return wrong(place, "must be a number above 0");
    }
    number_of(id).multiple_of = value;
  }

  void items(NodeId id, const Place& place, const dom::element& value) {
    if (value.is_array()) {
      return wrong(place, "must be a schema; a list of schemas is called \"prefixItems\" now");
    }
    const NodeId inner = add(value, place);
    array_of(id).items = inner;
  }
  void prefix_items(NodeId id, const Place& place, const dom::element& value) {
    auto inner = schemas(place, value);
    array_of(id).prefix = std::move(inner);
  }
  void contains(NodeId id, const Place& place, const dom::element& value) {
    const NodeId inner = add(value, place);
    array_of(id).contains = inner;
  }
  void max_contains(NodeId id, const Place& place, const dom::element& value) {
    count(array_of(id).contains_max, place, value);
  }
  void min_contains(NodeId id, const Place& place, const dom::element& value) {
    count(array_of(id).contains_min, place, value);
  }
  void max_items(NodeId id, const Place& place, const dom::element& value) {
    count(array_of(id).items_max, place, value);
  }
  void min_items(NodeId id, const Place& place, const dom::element& value) {
    count(array_of(id).items_min, place, value);
  }
  void unique_items(NodeId id, const Place& place, const dom::element& value) {
    if (value.get_bool().get(array_of(id).unique) != simdjson::SUCCESS) {
      wrong(place, "must be true or false");
    }
  }

  void properties(NodeId id, const Place& place, const dom::element& value) {
    const auto entries = table(place, value);
    if (!entries) return;
    for (const auto field : *entries) {
      auto& member = object_of(id).at(field.key);
      if (member.schema != kNone) wrong(place, fmt::format("\"{}\" is there twice", field.key));
      const NodeId inner = add(field.value, inside(place, field.key));
      object_of(id).at(field.key).schema = inner;
    }
  }
  void pattern_properties(NodeId id, const Place& place, const dom::element& value) {
    const auto entries = table(place, value);
    if (!entries) return;
    for (const auto field : *entries) {
      auto names = pattern(inside(place, field.key), field.key);
      const NodeId inner = add(field.value, inside(place, field.key));
      object_of(id).patterns.emplace_back(std::move(names), inner);
    }
  }
  void additional_properties(NodeId id, const Place& place, const dom::element& value) {
    const NodeId inner = add(value, place);
    object_of(id).additional = inner;
    object_of(id).closed = inner != kNone && node(inner).never;
  }
  void property_names(NodeId id, const Place& place, const dom::element& value) {
    const NodeId inner = add(value, place);
    object_of(id).names = inner;
  }
  void required(NodeId id, const Place& place, const dom::element& value) {
    for (const auto& name : texts(place, value)) {
      auto& member = object_of(id).at(name);
      if (!member.required) ++object_of(id).required;
      member.required = true;
    }
  }
  void dependent_required(NodeId id, const Place& place, const dom::element& value) {
    const auto entries = table(place, value);
    if (!entries) return;
    for (const auto field : *entries) {
      auto needs = texts(inside(place, field.key), field.value);
      object_of(id).at(field.key).needs = std::move(needs);
    }
  }
  void max_properties(NodeId id, const Place& place, const dom::element& value) {
    count(object_of(id).members_max, place, value);
  }
  void min_properties(NodeId id, const Place& place, const dom::element& value) {
    count(object_of(id).members_min, place, value);
  }

  void all_of(NodeId id, const Place& place, const dom::element& value) {
    auto inner = schemas(place, value);
    node(id).all_of = std::move(inner);
  }
  void any_of(NodeId id, const Place& place, const dom::element& value) {
    auto inner = schemas(place, value);
    node(id).any_of = std::move(inner);
  }
  void one_of(NodeId id, const Place& place, const dom::element& value) {
    auto inner = schemas(place, value);
    node(id).one_of = std::move(inner);
  }
  void no(NodeId id, const Place& place, const dom::element& value) {
    const NodeId inner = add(value, place);
    node(id).no = inner;
  }
  void condition(NodeId id, const Place& place, const dom::element& value) {
    const NodeId inner = add(value, place);
    node(id).condition = inner;
  }
  void then(NodeId id, const Place& place, const dom::element& value) {
    const NodeId inner = add(value, place);
    node(id).then = inner;
  }
  void otherwise(NodeId id, const Place& place, const dom::element& value) {
    const NodeId inner = add(value, place);
    node(id).otherwise = inner;
  }

  static const std::map<std::string_view, Keyword>& keywords();

  void resolve(const Reference& one) {
    const auto hash = std::min(one.uri.find('#'), one.uri.size());
    const std::string fragment = percent_decoded_where_encoded(
        std::string_view(one.uri).substr(hash).substr(hash < one.uri.size() ? 1 : 0));
    const auto target = resolve_uri(one.place.base, std::string_view(one.uri).substr(0, hash));
    const auto resource = resources_.find(target);
    if (resource == resources_.end()) {
      return wrong(one.place, fmt::format("refers to {}, which no file of [[schemas]] has as $id; "
                                          "nothing is fetched",
                                          target));
    }
    const auto& [text, pointer] = resource->second;
    const auto found = places_.find({text, pointer + fragment});
    if (found == places_.end()) {
      return wrong(one.place, fmt::format("refers to \"{}\", where no schema stands", one.uri));
    }
    node(one.from).reference = found->second;
  }

  /// The schemas that look at the same value as `id`.
  std::vector<NodeId> in_place(NodeId id) {
    const Node& one = node(id);
    std::vector<NodeId> out = {one.reference, one.no, one.condition, one.then, one.otherwise};
    for (const auto* list : {&one.all_of, &one.any_of, &one.one_of}) {
      out.insert(out.end(), list->begin(), list->end());
    }
    std::erase(out, kNone);
    return out;
  }

  /// A schema that comes back to itself without going deeper into the value would never end.
  void find_circles() {
    enum class State : std::uint8_t { fresh, open, done };
    struct Frame {
      NodeId id;
      std::vector<NodeId> rest;
    };
    std::vector<State> states(out_->nodes.size(), State::fresh);
    for (NodeId start = 0; start < out_->nodes.size(); ++start) {
      if (states[start] != State::fresh) continue;
      std::vector<Frame> path;
      path.push_back({start, in_place(start)});
      states[start] = State::open;
      while (!path.empty()) {
        auto& rest = path.back().rest;
        if (rest.empty()) {
          states[path.back().id] = State::done;
          path.pop_back();
          continue;
        }
        const NodeId next = rest.back();
        rest.pop_back();
        if (states[next] == State::open) {
          for (const auto& [place, id] : places_) {
            if (id != next) continue;
            return wrong({place.first, place.second, {}},
                         "refers to itself without going deeper into the value");
          }
        }
        if (states[next] != State::fresh) continue;
        states[next] = State::open;
        path.push_back({next, in_place(next)});
      }
    }
  }

  const std::vector<JsonSchemas::Text>& texts_;
  std::vector<JsonSchemas::Mistake>& mistakes_;
  std::shared_ptr<Compiled> out_ = std::make_shared<Compiled>();
  std::map<std::string, std::pair<std::size_t, std::string>> resources_;  // URI → text, pointer
  std::map<std::pair<std::size_t, std::string>, NodeId> places_;
  std::vector<Reference> references_;
  bool too_many_ = false;
};

const std::map<std::string_view, Compiler::Keyword>& Compiler::keywords() {
  static const std::map<std::string_view, Keyword> kKeywords = {
      {"$ref", &Compiler::ref},
      {"$defs", &Compiler::defs},
      {"definitions", &Compiler::defs},  // the older name, still in the draft's metaschema
      {"type", &Compiler::type},
      {"enum", &Compiler::enumeration},
      {"const", &Compiler::constant},
      {"maxLength", &Compiler::max_length},
      {"minLength", &Compiler::min_length},
      {"pattern", &Compiler::text_pattern},
      {"format", &Compiler::format},
      {"minimum", &Compiler::minimum},
      {"maximum", &Compiler::maximum},
      {"exclusiveMinimum", &Compiler::exclusive_minimum},
      {"exclusiveMaximum", &Compiler::exclusive_maximum},
      {"multipleOf", &Compiler::multiple_of},
      {"items", &Compiler::items},
      {"prefixItems", &Compiler::prefix_items},
      {"contains", &Compiler::contains},
      {"maxContains", &Compiler::max_contains},
      {"minContains", &Compiler::min_contains},
      {"maxItems", &Compiler::max_items},
      {"minItems", &Compiler::min_items},
      {"uniqueItems", &Compiler::unique_items},
      {"properties", &Compiler::properties},
      {"patternProperties", &Compiler::pattern_properties},
      {"additionalProperties", &Compiler::additional_properties},
      {"propertyNames", &Compiler::property_names},
      {"required", &Compiler::required},
      {"dependentRequired", &Compiler::dependent_required},
      {"maxProperties", &Compiler::max_properties},
      {"minProperties", &Compiler::min_properties},
      {"allOf", &Compiler::all_of},
      {"anyOf", &Compiler::any_of},
      {"oneOf", &Compiler::one_of},
      {"not", &Compiler::no},
      {"if", &Compiler::condition},
      {"then", &Compiler::then},
      {"else", &Compiler::otherwise},
  };
  return kKeywords;
}

}  // namespace

const ObjectRules::Member* ObjectRules::find(std::string_view name) const {
  const auto at = std::lower_bound(
      members.begin(), members.end(), name,
      [](const Member& member, std::string_view wanted) { return member.name < wanted; });
  return at != members.end() && at->name == name ? &*at : nullptr;
}

ObjectRules::Member& ObjectRules::at(std::string_view name) {
  const auto at = std::lower_bound(
      members.begin(), members.end(), name,
      [](const Member& member, std::string_view wanted) { return member.name < wanted; });
  if (at != members.end() && at->name == name) return *at;
  return *members.insert(at, Member{.name = std::string(name)});
}

std::shared_ptr<const Compiled> compile(const std::vector<JsonSchemas::Text>& texts,
                                        std::vector<JsonSchemas::Mistake>& mistakes) {
  return Compiler(texts, mistakes).compile();
}

}  // namespace cdviz::cdevents::schema
