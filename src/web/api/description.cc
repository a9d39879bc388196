#include "web/api/description.h"

#include <cctype>
#include <set>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "core/embedded_file.h"
#include "web/api/base_description.h"
#include "web/api/endpoints.h"

namespace cdviz::web::api {
namespace {

namespace json = boost::json;
using queries::QueryColumn;
using queries::QueryParameter;
using queries::Type;

/// The schema of one value of PostgreSQL's type.
json::object schema_of(std::string_view type) {
  if (type.ends_with("[]"))
    return {{"type", "array"}, {"items", schema_of(type.substr(0, type.size() - 2))}};
  if (type == "boolean") return {{"type", "boolean"}};
  if (type == "bigint" || type == "integer") return {{"type", "integer"}};
  if (type == "double precision") return {{"type", "number"}};
  if (type == "timestamptz") return {{"type", "string"}, {"format", "date-time"}};
  if (type == "uuid") return {{"type", "string"}, {"format", "uuid"}};
  if (type == "jsonb") return {};  // any value
  return {{"type", "string"}};
}

json::object column_schema(const QueryColumn& column, bool never_null) {
  json::object schema = schema_of(column.type);
  if (!never_null && schema.contains("type")) {
    const json::value type = schema["type"];
    schema["type"] = json::array{type, "null"};
  }
  schema["description"] = column.text;
  if (!column.unit.empty()) schema["x-unit"] = column.unit;
  return schema;
}

json::object row_schema(const Endpoint& endpoint) {
  json::array required;
  json::object properties;
  const auto& query = query_of(endpoint);
  for (const auto& column : query.columns) {
    required.emplace_back(column.name);
    properties[column.name] = column_schema(column, never_null(endpoint, column.name));
  }
  return {{"type", "object"},
          {"description", query.title + " A row of the query " + query.name + "."},
          {"required", std::move(required)},
          {"properties", std::move(properties)}};
}

json::object parameter_schema(const QueryParameter& parameter) {
  switch (parameter.type) {
    case Type::text_list:
      return {{"type", "array"}, {"items", {{"type", "string"}}}};
    case Type::integer:
      return {{"type", "integer"}};
    case Type::number:
      return {{"type", "number"}};
    case Type::boolean:
      return {{"type", "boolean"}};
    case Type::uuid:
      return {{"type", "string"}, {"format", "uuid"}};
    case Type::moment:
    case Type::duration:
    case Type::text:
      return {{"type", "string"}};
  }
  return {};
}

std::string_view example_of(Type type) {
  if (type == Type::moment) return " (now-7d, 2026-01-31T12:00:00Z, milliseconds since 1970)";
  if (type == Type::duration) return " (30s, 15m, 2h, 1d)";
  return "";
}

/// What a parameter is when it is not given, for people.
std::string fallback_of(const QueryParameter& parameter) {
  if (parameter.required() || parameter.fallback == "null") return "";
  return fmt::format(". Without it: {}", parameter.fallback);
}

json::object of_parameter(const Endpoint& endpoint, const QueryParameter& parameter) {
  json::object object{{"name", public_name(parameter.name)}, {"in", "query"}};
  if (parameter.required()) object["required"] = true;
  auto schema = parameter_schema(parameter);
  if (parameter.name == "limit") {
    object["description"] = "At most so many rows";
    schema["minimum"] = 1;
    schema["maximum"] = endpoint.rows_max;
  } else {
    object["description"] =
        parameter.text + std::string(example_of(parameter.type)) + fallback_of(parameter);
  }
  object["schema"] = std::move(schema);
  if (parameter.type == Type::text_list) {
    object["style"] = "form";
    object["explode"] = true;
  }
  return object;
}

json::object reference(std::string_view kind, std::string_view name) {
  return {{"$ref", fmt::format("#/components/{}/{}", kind, name)}};
}

json::array parameters_of(const Endpoint& endpoint) {
  json::array parameters;
  if (!endpoint.path_parameter.parameter.empty()) {
    const auto& parameter = *query_of(endpoint).find(endpoint.path_parameter.parameter);
    parameters.push_back(json::object{{"name", endpoint.path_parameter.value},
                                      {"in", "path"},
                                      {"required", true},
                                      {"description", parameter.text},
                                      {"schema", parameter_schema(parameter)}});
  }
  for (const auto* parameter : free_parameters(endpoint))
    parameters.push_back(of_parameter(endpoint, *parameter));
  if (endpoint.paging != Paging::none) parameters.push_back(reference("parameters", "Cursor"));
  parameters.push_back(reference("parameters", "IfNoneMatch"));
  return parameters;
}

/// "getDeliverySeries" for "/delivery/series".
std::string operation_of(std::string_view path) {
  std::string name = "get";
  bool upper = true;
  for (const char c : path) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      upper = true;
      continue;
    }
    name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return name;
}

json::object answer_schema(std::string_view row) {
  return {
      {"type", "object"},
      {"required", json::array{"meta", "columns", "data"}},
      {"properties",
       json::object{
           {"meta", reference("schemas", "Meta")},
           {"columns", json::object{{"type", "array"}, {"items", reference("schemas", "Column")}}},
           {"data", json::object{{"type", "array"}, {"items", reference("schemas", row)}}}}}};
}

json::object path_of(const Endpoint& endpoint) {
  const auto& query = query_of(endpoint);
  const json::object content{
      {"application/json", json::object{{"schema", answer_schema(schema_name(query.name))}}},
      {"text/csv", json::object{{"schema", json::object{{"type", "string"}}}}}};
  json::object responses{
      {"200",
       json::object{
           {"description",
            fmt::format("At most {} rows; as CSV (Accept: text/csv, or .csv behind the "
                        "path) 100,000",
                        endpoint.rows_max)},
           {"headers",
            json::object{{"ETag", json::object{{"schema", json::object{{"type", "string"}}}}}}},
           {"content", content}}},
      {"304", json::object{{"description", "As the If-None-Match says: nothing changed"}}},
      {"default", reference("responses", "Problem")}};
  return {{"get", json::object{{"operationId", operation_of(endpoint.path)},
                               {"tags", json::array{endpoint.tag}},
                               {"summary", query.title},
                               {"description", query.purpose},
                               {"x-query", query.name},
                               {"parameters", parameters_of(endpoint)},
                               {"responses", std::move(responses)}}}};
}

/// With line ends and two spaces a level; what fits into a line stays in it.
void print(std::string& out, const json::value& value, std::size_t indent) {
  constexpr std::size_t kWidth = 120;
  std::string line = json::serialize(value);
  const bool container = value.is_object() || value.is_array();
  if (!container || line.size() + indent <= kWidth) {
    out += line;
    return;
  }
  const std::string space(indent + 2, ' ');
  bool first = true;
  const auto next = [&] {
    out += first ? "\n" : ",\n";
    first = false;
    out += space;
  };
  out += value.is_object() ? '{' : '[';
  if (value.is_object()) {
    for (const auto& [key, member] : value.get_object()) {
      next();
      out += json::serialize(json::value(key)) + ": ";
      print(out, member, indent + 2);
    }
  } else {
    for (const auto& element : value.get_array()) {
      next();
      print(out, element, indent + 2);
    }
  }
  out += "\n" + std::string(indent, ' ');
  out += value.is_object() ? '}' : ']';
}

}  // namespace

Result<std::string> description() {
  if (auto mistake = mistake_in(endpoints()))
    return Error{Fault::stop, "the API of this program is put together wrongly: " + *mistake};
  json::value document = json::parse(base_description::files().front().content);
  auto& root = document.as_object();
  auto& paths = root["paths"].as_object();
  auto& schemas = root["components"].as_object()["schemas"].as_object();
  auto& tags = root["tags"].as_array();
  std::set<std::string_view> known;
  const auto tag = [&](std::string_view name) {
    if (known.insert(name).second) tags.push_back(json::object{{"name", name}});
  };
  tag("Meta");
  for (const auto& endpoint : endpoints()) {
    tag(endpoint.tag);
    paths[endpoint.path] = path_of(endpoint);
    schemas.emplace(schema_name(endpoint.query), row_schema(endpoint));
  }
  std::string out;
  print(out, document, 0);
  out += '\n';
  return out;
}

}  // namespace cdviz::web::api
