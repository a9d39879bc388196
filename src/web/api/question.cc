#include "web/api/question.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "config/mistakes.h"
#include "core/percent.h"
#include "web/api/cursor.h"
#include "web/api/moment.h"

namespace cdviz::web::api {
namespace {

using queries::QueryParameter;
using queries::Type;

Error wrong(std::string_view parameter, std::string message) {
  return {Fault::reject, std::move(message), std::string(parameter)};
}

std::optional<std::string> form_decoded(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decoded(spaced);
}

/// The values of one question, collected parameter by parameter.
class Asking {
 public:
  Asking(const Endpoint& endpoint, Form form, WallTime now)
      : endpoint_(endpoint), query_(query_of(endpoint)), now_(now) {
    question_.endpoint = &endpoint;
    question_.query = &query_;
    question_.form = form;
    for (const auto* parameter : free_parameters(endpoint)) names_.push_back(public_of(*parameter));
    if (endpoint.paging != Paging::none) names_.emplace_back("cursor");
  }

  Result<void> take(const std::string& name, const std::string& value) {
    if (name == "access_token" || value.empty()) return {};
    if (name == "cursor" && endpoint_.paging != Paging::none) return take_cursor(value);
    const auto* const parameter = find(name);
    if (parameter == nullptr)
      return wrong(name, fmt::format("there is no parameter {}{}", config::shown(name),
                                     config::suggestion(name, names_)));
    auto& values = question_.given[parameter->name];
    if (!values.empty() && parameter->type != Type::text_list)
      return wrong(name, fmt::format("{} is given more than once", name));
    values.push_back(value);
    return {};
  }

  Result<Question> done(const std::string& value) && {
    if (!endpoint_.path_parameter.parameter.empty())
      question_.given[std::string(endpoint_.path_parameter.parameter)] = {value};
    if (!endpoint_.fixed.parameter.empty())
      question_.given[std::string(endpoint_.fixed.parameter)] = {
          std::string(endpoint_.fixed.value)};
    if (auto limited = set_limit(); !limited) return limited.error();
    if (auto placed = place_in_time(); !placed) return placed.error();
    write_key();
    // Finds what is wrong with the rest.
    if (const auto statement = queries::statement_of(query_, question_.given, now_); !statement) {
      return wrong(named_by(statement.error().message), statement.error().message);
    }
    return std::move(question_);
  }

 private:
  static std::string_view public_of(const QueryParameter& parameter) {
    return public_name(parameter.name);
  }

  /// The parameter that a complaint begins with; empty if it does not.
  std::string_view named_by(std::string_view message) const {
    const auto name = message.substr(0, message.find(':'));
    const auto* const parameter = query_.find(name);
    return parameter == nullptr ? "" : public_of(*parameter);
  }

  const QueryParameter* find(std::string_view name) const {
    for (const auto* parameter : free_parameters(endpoint_)) {
      if (public_of(*parameter) == name || parameter->name == name) return parameter;
    }
    return nullptr;
  }

  Result<void> take_cursor(const std::string& text) {
    auto cursor = cursor_of(text);
    if (!cursor) return wrong("cursor", "cursor is not one that an answer's meta.next has");
    const std::string name = endpoint_.paging == Paging::before ? "before" : "after";
    question_.given[name] = {std::move(cursor->time)};
    question_.given[name + "_uid"] = {std::move(cursor->uid)};
    return {};
  }

  Result<void> set_limit() {
    const bool csv = question_.form == Form::csv;
    std::size_t limit = csv ? kCsvRowsMax : endpoint_.rows_max;
    if (const auto* const parameter = query_.find("limit")) {
      const auto given = question_.given.find("limit");
      const std::string& text =
          given == question_.given.end() ? parameter->fallback : given->second.front();
      std::size_t wanted = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wanted);
      if (error != std::errc() || end != text.data() + text.size() || wanted < 1 ||
          (wanted > limit && given != question_.given.end()))
        return wrong("limit", fmt::format("limit is a whole number from 1 to {}", limit));
      // Without one an export has everything.
      if (!csv || given != question_.given.end()) limit = std::min(limit, wanted);
      question_.given["limit"] = {std::to_string(limit + 1)};
    }
    question_.rows_max = limit;
    return {};
  }

  /// The moment that was given for a parameter, or that its default says.
  Result<std::optional<Moment>> moment(std::string_view name, Edge edge) {
    const auto* const parameter = query_.find(name);
    if (parameter == nullptr || parameter->type != Type::moment) return std::optional<Moment>();
    const auto given = question_.given.find(name);
    const auto text = given == question_.given.end() ? moment_of_default(parameter->fallback)
                                                     : std::optional(given->second.front());
    if (!text) return std::optional<Moment>();
    auto moment = moment_of(*text, edge, now_);
    if (!moment)
      return wrong(name, fmt::format("{}: {} is not a moment: now, now-7d, now/d, 2026-01-31, "
                                     "2026-01-31T12:00:00Z, or milliseconds since 1970",
                                     name, config::shown(*text)));
    return moment;
  }

  /// What moves with the clock is rounded, so that neighbours ask the same, except now itself: an
  /// answer has what came in until then.
  std::string give(std::string_view name, const Moment& moment, std::chrono::milliseconds step) {
    const bool round = moment.relative && moment.time != now_;
    auto text = rfc3339(round ? rounded_down(moment.time, step) : moment.time);
    question_.given[std::string(name)] = {text};
    return text;
  }

  /// Resolves the moments, those of defaults too.
  Result<void> place_in_time() {
    const auto from = moment("from", Edge::begin);
    if (!from) return from.error();
    const auto to = moment("to", Edge::end);
    if (!to) return to.error();
    auto step = step_for({});
    if (*from) {
      const WallTime end = *to ? (**to).time : now_;
      if (end < (**from).time) return wrong("from", "from is behind to");
      step = step_for(end - (**from).time);
      question_.from = give("from", **from, step);
    }
    if (*to) question_.to = give("to", **to, step);
    for (const auto* name : {"at", "a_at", "b_at"}) {
      const auto at = moment(name, Edge::begin);
      if (!at) return at.error();
      if (!*at) continue;
      auto text = give(name, **at, step);
      if (std::string_view(name) == "at") question_.at = std::move(text);
    }
    constexpr std::chrono::minutes kOldest{5};
    bucket_ = rounded_down(now_, std::min<std::chrono::milliseconds>(step, kOldest));
    return {};
  }

  void write_key() {
    auto& key = question_.key;
    key = fmt::format("{} {} {}", endpoint_.path, question_.form == Form::csv ? "csv" : "json",
                      bucket_.time_since_epoch().count());
    const std::vector<std::string> now{rfc3339(now_)};
    for (const auto& [name, values] : question_.given) {
      key += '\n' + name;
      if (values == now) continue;  // the bucket says it
      for (const auto& value : values) key += fmt::format("={}:{}", value.size(), value);
    }
  }

  const Endpoint& endpoint_;
  const queries::Query& query_;
  WallTime now_;
  WallTime bucket_;
  std::vector<std::string_view> names_;
  Question question_;
};

/// The segments of a path, not decoded.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

/// @returns what stands in the braces ("" without any); nothing if they do not fit
std::optional<std::string> fit(const std::vector<std::string_view>& pattern,
                               const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  std::string value;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!pattern[i].starts_with('{')) {
      if (pattern[i] != path[i]) return std::nullopt;
      continue;
    }
    auto decoded = percent_decoded(path[i]);
    if (!decoded || decoded->empty()) return std::nullopt;
    value = std::move(*decoded);
  }
  return value;
}

}  // namespace

Result<Parameters> parameters_of(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (parameters.size() == kParametersMax)
      return Error{Fault::reject, fmt::format("there are more than {} parameters", kParametersMax)};
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = form_decoded(pair.substr(0, equals));
    auto value = form_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value)
      return Error{Fault::reject, "an escape of the query is not % and two hexadecimal digits"};
    if (value->size() > kValueBytesMax)
      return wrong(*name, fmt::format("a value has more than {} bytes", kValueBytesMax));
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

std::optional<Match> match(std::string_view path) {
  const auto segments = segments_of(path);
  std::optional<Match> found;
  for (const auto& endpoint : endpoints()) {
    const bool braces = endpoint.path.find('{') != std::string_view::npos;
    if (found && braces) continue;  // what is written out goes before what is in braces
    if (auto value = fit(segments_of(endpoint.path), segments))
      found = Match{&endpoint, std::move(*value)};
  }
  return found;
}

Result<Question> question_of(const Endpoint& endpoint, const std::string& value,
                             const Parameters& parameters, Form form, WallTime now) {
  Asking asking(endpoint, form, now);
  for (const auto& [name, text] : parameters) {
    if (auto taken = asking.take(name, text); !taken) return taken.error();
  }
  return std::move(asking).done(value);
}

Result<queries::Statement> statement_of(const Question& question, WallTime now) {
  auto statement = queries::statement_of(*question.query, question.given, now);
  if (!statement) return statement.error();
  statement->sql =
      fmt::format("select * from (\n{}\n) answer limit {}", statement->sql, question.rows_max + 1);
  return statement;
}

}  // namespace cdviz::web::api
