#include "queries/statement.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "config/mistakes.h"
#include "queries/value.h"

namespace cdviz::queries {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

/// The checked values of what was given.
Result<Values> values_of(const Query& query, const Given& given, WallTime now) {
  std::vector<std::string_view> names;
  names.reserve(query.parameters.size());
  for (const auto& parameter : query.parameters) names.emplace_back(parameter.name);
  Values values;
  for (const auto& [name, texts] : given) {
    const auto* const parameter = query.find(name);
    if (parameter == nullptr)
      return Error{Fault::reject,
                   fmt::format("{} has no parameter {}{}", query.name, config::shown(name),
                               config::suggestion(name, names))};
    auto value = value_text(*parameter, texts, now);
    if (!value) return value.error();
    values.emplace(name, std::move(*value));
  }
  for (const auto& parameter : query.parameters) {
    if (parameter.required() && !values.contains(parameter.name))
      return Error{Fault::reject,
                   fmt::format("{} needs the parameter {} ({}: {})", query.name, parameter.name,
                               to_string(parameter.type), parameter.text)};
  }
  return values;
}

/// The statement with each parameter replaced by its default, or by what `shown` makes of it.
std::string replace(const Query& query, const Values& values,
                    const std::function<std::string(const QueryParameter&)>& shown) {
  std::string sql;
  for (const Piece& piece : pieces_of(query.statement)) {
    if (!piece.parameter) {
      sql += piece.text;
      continue;
    }
    const auto& parameter = *query.find(piece.text);
    sql += values.contains(parameter.name)
               ? shown(parameter)
               : fmt::format("({})::{}", parameter.fallback, to_string(parameter.type));
  }
  return sql;
}

/// A string constant, whatever standard_conforming_strings says.
std::string literal(std::string_view text) {
  std::string out = text.find('\\') == std::string_view::npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

}  // namespace

Result<Statement> statement_of(const Query& query, const Given& given, WallTime now) {
  const auto values = values_of(query, given, now);
  if (!values) return values.error();
  Statement statement;
  std::vector<std::string_view> order;
  statement.sql = replace(query, *values, [&](const QueryParameter& parameter) {
    auto place = std::ranges::find(order, parameter.name);
    if (place == order.end()) {
      order.emplace_back(parameter.name);
      statement.values.push_back(values->find(parameter.name)->second);
      place = order.end() - 1;
    }
    return fmt::format("${}::{}", place - order.begin() + 1, to_string(parameter.type));
  });
  return statement;
}

Result<std::string> readable(const Query& query, const Given& given, WallTime now) {
  const auto values = values_of(query, given, now);
  if (!values) return values.error();
  return replace(query, *values, [&](const QueryParameter& parameter) {
    return fmt::format("{}::{}", literal(values->find(parameter.name)->second),
                       to_string(parameter.type));
  });
}

}  // namespace cdviz::queries
