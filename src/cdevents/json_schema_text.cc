#include "cdevents/json_schema_text.h"

#include <string_view>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cdevents/envelope.h"
#include "cdevents/format.h"
#include "cdevents/releases.h"
#include "core/json_text.h"

namespace cdviz::cdevents {
namespace {

namespace json = boost::json;

json::object schema_of(const Shape& shape);

json::object text_schema(const Shape& shape) {
  json::object any{{"type", "string"}};
  if (shape.not_empty) any["minLength"] = 1;
  if (shape.format != Format::none) {
    const FormatName format = name_of(shape.format);
    any[format.rule] = format.name;
  }
  if (shape.words.empty()) return any;
  json::object known{{"type", "string"}};
  json::array words;
  for (const auto& word : shape.words) words.emplace_back(word);
  if (words.size() == 1) {
    known["const"] = words.front();
  } else {
    known["enum"] = std::move(words);
  }
  if (!shape.any_word) return known;
  return {{"anyOf", {std::move(known), std::move(any)}}};
}

json::object object_schema(const Shape& shape) {
  json::object properties;
  json::array required;
  json::array some;
  for (const Member& member : shape.members) {
    properties[member.name] = schema_of(member.shape);
    if (member.required) required.emplace_back(member.name);
    some.push_back(json::object{{"required", json::array{member.name}}});
  }
  json::object schema{{"type", "object"}};
  if (!properties.empty()) schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  if (shape.some_member) schema["anyOf"] = std::move(some);
  if (!shape.open) schema["additionalProperties"] = false;
  return schema;
}

json::object schema_of(const Shape& shape) {
  switch (shape.kind) {
    case Shape::Kind::text:
      return text_schema(shape);
    case Shape::Kind::object:
      return object_schema(shape);
    case Shape::Kind::list:
      return {{"type", "array"}, {"items", schema_of(shape.parts.front())}};
    case Shape::Kind::choice:
      break;
  }
  json::array choices;
  for (const Shape& part : shape.parts) choices.push_back(schema_of(part));
  return {{"anyOf", std::move(choices)}};
}

/// 0.4.0 and 0.4.1 differ in their links alone; context.version says which one it is.
void distinguish_revisions(json::object& newer, json::object&& older) {
  json::object& context = newer["properties"].as_object()["context"].as_object();
  json::object& members = context["properties"].as_object();
  json::value& links = members["links"];
  json::value& old_links =
      older["properties"].as_object()["context"].as_object()["properties"].as_object()["links"];
  const auto with_links = [](json::value schema) -> json::object {
    return {{"properties", json::object{{"links", std::move(schema)}}}};
  };
  context["if"] = json::object{
      {"properties", json::object{{"version", json::object{{"pattern", R"(^0\.4\.0)"}}}}}};
  context["then"] = with_links(std::move(old_links));
  context["else"] = with_links(std::move(links));
  members["links"] = json::object{{"type", "array"}};
}

std::string finished(std::string_view title, std::string_view comment, json::object&& body) {
  json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", title},
                      {"$comment", comment}};
  for (auto& member : body) schema[member.key()] = std::move(member.value());
  return indented_json(json::serialize(schema));
}

}  // namespace

std::string json_schema_text(const EventKind& kind) {
  json::object schema = schema_of(event_shape(kind));
  if (kind.era == Era::v0_4) {
    distinguish_revisions(schema, schema_of(event_shape(kind, Revision::v0_4_0)));
  }
  return finished(kind.type, fmt::format("CDEvents {}", fmt::join(releases_of(kind), ", ")),
                  std::move(schema));
}

std::string custom_json_schema_text(Era era) {
  json::object schema = schema_of(custom_event_shape(era));
  if (era == Era::v0_4) {
    distinguish_revisions(schema, schema_of(custom_event_shape(era, Revision::v0_4_0)));
  }
  return finished("A custom event, dev.cdeventsx.…",
                  era == Era::v0_4 ? "CDEvents 0.4.0 and 0.4.1" : "CDEvents 0.5.0 and later",
                  std::move(schema));
}

}  // namespace cdviz::cdevents
