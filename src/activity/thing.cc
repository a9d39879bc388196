#include "activity/thing.h"

#include <algorithm>
#include <exception>

#include <boost/json.hpp>

#include "core/binary_text.h"
#include "core/utf8.h"

namespace cdviz::activity {
namespace {

namespace json = boost::json;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// A text, or [base64] for bytes that are none.
json::value packed(std::string_view bytes) {
  if (is_utf8(bytes)) return json::string(bytes);
  return json::array{json::string(encode_text(BinaryText::base64, bytes))};
}

/// @throws std::exception for what packed() did not make
std::string unpacked(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  auto bytes = decode_text(BinaryText::base64, value.as_array().at(0).as_string());
  return std::move(bytes).value();
}

/// The members that are texts, by the names that they have in a ledger: rows of it are many.
struct TextMember {
  const char* name;
  std::string Thing::*member;
};
constexpr TextMember kTexts[] = {
    {"p", &Thing::path},     {"h", &Thing::sha256}, {"d", &Thing::digest},  {"e", &Thing::etag},
    {"r", &Thing::revision}, {"g", &Thing::tag},    {"x", &Thing::details},
};

Thing read_thing(const json::object& object) {
  Thing thing;
  for (const auto& [name, member] : kTexts) {
    if (const auto* value = object.if_contains(name)) thing.*member = unpacked(*value);
  }
  if (const auto* size = object.if_contains("s")) thing.size = size->to_number<std::uint64_t>();
  if (const auto* time = object.if_contains("t")) {
    thing.time = WallTime(std::chrono::milliseconds(time->to_number<std::int64_t>()));
  }
  if (const auto* count = object.if_contains("n")) {
    thing.occurrence = count->to_number<std::uint64_t>();
  }
  if (const auto* facts = object.if_contains("f")) {
    for (const auto& pair : facts->as_array()) {
      thing.facts.emplace_back(unpacked(pair.as_array().at(0)), unpacked(pair.as_array().at(1)));
    }
  }
  return thing;
}

}  // namespace

std::string to_text(const Thing& thing) {
  json::object object;
  for (const auto& [name, member] : kTexts) {
    if (!(thing.*member).empty()) object[name] = packed(thing.*member);
  }
  if (thing.size) object["s"] = *thing.size;
  if (thing.time) object["t"] = thing.time->time_since_epoch().count();
  if (thing.occurrence > 0) object["n"] = thing.occurrence;
  if (!thing.facts.empty()) {
    json::array facts;
    for (const auto& [name, value] : thing.facts) {
      facts.push_back(json::array{packed(name), packed(value)});
    }
    object["f"] = std::move(facts);
  }
  return json::serialize(object);
}

std::optional<Thing> parse_thing(std::string_view text) {
  try {
    return read_thing(json::parse(text).as_object());
  } catch (const std::exception&) {  // of Boost.JSON: not what we wrote
    return std::nullopt;
  }
}

std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    const bool control = first < 0x20 || first == 0x7f;
    if (length == 0 || control) {
      out += kReplacement;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

Facts facts_of(const Thing& thing) {
  const std::string path = clean(thing.path);
  const std::size_t slash = path.rfind('/');
  const bool nested = slash != std::string::npos;
  const std::string file = nested ? path.substr(slash + 1) : path;
  const std::size_t dot = file.rfind('.');
  const bool dotted = dot != std::string::npos && dot > 0;
  Facts facts = {{"path", path},
                 {"folder", nested ? path.substr(0, slash) : ""},
                 {"file", file},
                 {"stem", dotted ? file.substr(0, dot) : file},
                 {"extension", dotted ? file.substr(dot + 1) : ""},
                 {"size", thing.size ? std::to_string(*thing.size) : ""},
                 {"sha256", thing.sha256},
                 {"digest", clean(thing.digest)},
                 {"etag", clean(thing.etag)},
                 {"revision", clean(thing.revision)},
                 {"tag", clean(thing.tag)}};
  for (const auto& [name, value] : thing.facts) facts.emplace_back(name, clean(value));
  return facts;
}

const std::vector<std::string>& fact_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (auto& [name, value] : facts_of({.path = {}})) all.push_back(std::move(name));
    return all;
  }();
  return names;
}

std::string_view fact(const Facts& facts, std::string_view name) {
  const auto found = std::find_if(facts.rbegin(), facts.rend(),
                                  [&](const auto& pair) { return pair.first == name; });
  return found == facts.rend() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace cdviz::activity
