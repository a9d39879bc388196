// The JSON Schema of a configuration file, from the option tables.
#include <limits>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "config/load.h"
#include "config/reference.h"
#include "config/units.h"

namespace cdviz::config {
namespace {

namespace json = boost::json;

/// `${VAR}` may stand for any text.
constexpr std::string_view kVariable = R"(\$\{)";
constexpr std::string_view kDuration = R"(^([0-9]+ ?(ms|s|m|h|d) ?)+$)";
constexpr std::string_view kSize = R"(^[0-9]+ ?(B|[KMGT]iB|[kMGT]B)$)";

json::object table(std::span<const Option> options);

json::object text(const Option& option) {
  json::object schema{{"type", "string"}};
  if (!option.choices.empty()) {
    json::array choices;
    for (const auto choice : option.choices) choices.push_back(json::string{choice});
    schema["anyOf"] = {json::object{{"enum", std::move(choices)}},
                       json::object{{"pattern", kVariable}}};
  }
  return schema;
}

json::object amount(std::string_view pattern) {
  return {{"type", "string"}, {"pattern", fmt::format("{}|{}", pattern, kVariable)}};
}

/// A value that is written without quotes, or with them as a variable.
json::object bare(std::string_view type, const Option& option) {
  json::object value{{"type", type}};
  if (option.min != std::numeric_limits<std::int64_t>::min()) value["minimum"] = option.min;
  if (option.max != std::numeric_limits<std::int64_t>::max()) value["maximum"] = option.max;
  return {{"anyOf", {std::move(value), json::object{{"type", "string"}, {"pattern", kVariable}}}}};
}

json::object list(const Option& option) {
  json::object array{{"type", "array"}, {"items", text(option)}};
  json::object one{{"type", "string"}};
  if (option.type == OptionType::text_list) one["pattern"] = kVariable;
  return {{"anyOf", {std::move(array), std::move(one)}}};
}

json::object by_type(const Option& option) {
  switch (option.type) {
    case OptionType::text:
    case OptionType::secret:
      return text(option);
    case OptionType::integer:
      return bare("integer", option);
    case OptionType::boolean:
      return bare("boolean", option);
    case OptionType::duration:
      return amount(kDuration);
    case OptionType::bytes:
      return amount(kSize);
    case OptionType::text_list:
    case OptionType::secret_list:
      return list(option);
    case OptionType::table:
      return table(option.fields);
    case OptionType::text_or_table:
      return {{"anyOf", {text(option), table(option.fields)}}};
    case OptionType::table_list:
      return {{"type", "array"}, {"items", table(option.fields)}};
    case OptionType::table_map:
      return {{"type", "object"}, {"additionalProperties", table(option.fields)}};
    case OptionType::free_table:
      return {{"type", "object"}};
  }
  return {};
}

json::value fallback(const Option& option) {
  if (option.type == OptionType::boolean) return option.fallback == "true";
  if (option.type == OptionType::integer) {
    const auto number = parse_integer(option.fallback);
    return number ? json::value(*number) : json::value();
  }
  if (option.type == OptionType::text_list) {
    json::array array;
    for (const auto& entry : split_list(option.fallback)) array.push_back(json::string{entry});
    return array;
  }
  return json::string{option.fallback};
}

void add_options(json::object& properties, std::span<const Option> options) {
  for (const auto& option : options) {
    auto schema = by_type(option);
    schema["description"] = option.help;
    if (!option.fallback.empty()) schema["default"] = fallback(option);
    properties[option.name] = std::move(schema);
    if (option.type == OptionType::text || option.type == OptionType::secret ||
        option.type == OptionType::secret_list) {
      properties[std::string{option.name} + "_file"] = {
          {"type", "string"},
          {"description", fmt::format("The path of a file that holds \"{}\".", option.name)}};
    }
  }
}

json::object closed(json::object properties) {
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

json::object table(std::span<const Option> options) {
  json::object properties;
  add_options(properties, options);
  return closed(std::move(properties));
}

/// The table of a component: one of the kinds, told apart by `type`.
/// @param more  schemas of keys that no option table has
template <class Kind>
json::object kinds(std::span<const Kind* const> all, std::span<const Option> common,
                   const json::object& more = {}) {
  json::array one_of;
  for (const auto* kind : all) {
    json::object properties;
    properties["type"] = {{"const", kind->name}, {"description", kind->summary}};
    add_options(properties, common);
    add_options(properties, kind->options);
    for (const auto& member : more) properties[member.key()] = member.value();
    auto schema = closed(std::move(properties));
    schema["required"] = json::array{"type"};
    one_of.push_back(std::move(schema));
  }
  return {{"oneOf", std::move(one_of)}};
}

void print(std::string& out, const json::value& value, std::size_t depth) {
  const auto members = [&](const auto& container, char open, char close, auto print_one) {
    if (container.empty()) {
      out += open;
      out += close;
      return;
    }
    out += open;
    bool is_first = true;
    for (const auto& one : container) {
      out += is_first ? "\n" : ",\n";
      out.append(2 * (depth + 1), ' ');
      print_one(one);
      is_first = false;
    }
    out += '\n';
    out.append(2 * depth, ' ');
    out += close;
  };
  if (const auto* object = value.if_object()) {
    members(*object, '{', '}', [&](const json::key_value_pair& member) {
      out += json::serialize(json::string{member.key()}) + ": ";
      print(out, member.value(), depth + 1);
    });
  } else if (const auto* array = value.if_array()) {
    members(*array, '[', ']', [&](const json::value& entry) { print(out, entry, depth + 1); });
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string json_schema(const Catalogue& catalogue) {
  json::object properties;
  for (const auto& section : catalogue.sections) {
    auto schema = table(section.options);
    schema["description"] = section.summary;
    properties[section.name] = std::move(schema);
  }
  add_options(properties, catalogue.lists);
  json::object source;
  add_options(source, source_options());
  source["extractor"] = kinds(catalogue.sources, {});
  const auto transformer = kinds(catalogue.transformers, {});
  source["transformers"] = {{"type", "array"}, {"items", transformer}};
  properties["sources"] = {{"type", "object"}, {"additionalProperties", closed(std::move(source))}};
  properties["sinks"] = {{"type", "object"},
                         {"additionalProperties",
                          kinds(catalogue.sinks, sink_options(),
                                {{"transformers", {{"type", "array"}, {"items", transformer}}}})}};
  properties["transformers"] = {{"type", "object"}, {"additionalProperties", transformer}};
  json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"$comment", "Written by `cdviz-collector reference --schema`: do not edit."},
                      {"title", "Configuration of cdviz-collector"}};
  for (auto& member : closed(std::move(properties))) schema[member.key()] = member.value();
  std::string out;
  print(out, schema, 0);
  return out + "\n";
}

}  // namespace cdviz::config
