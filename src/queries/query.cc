#include "queries/query.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/units.h"

namespace cdviz::queries {
namespace {

constexpr std::array<std::pair<std::string_view, Type>, 8> kTypes = {{
    {"text", Type::text},
    {"text[]", Type::text_list},
    {"timestamptz", Type::moment},
    {"bigint", Type::integer},
    {"double precision", Type::number},
    {"boolean", Type::boolean},
    {"uuid", Type::uuid},
    {"interval", Type::duration},
}};

constexpr std::array<std::string_view, 13> kColumnTypes = {
    "text",    "text[]",  "timestamptz", "timestamptz[]",    "bigint",
    "integer", "uuid",    "uuid[]",      "double precision", "double precision[]",
    "jsonb",   "boolean", "date"};

/// Takes the word at the front off `rest`.
std::string_view word(std::string_view& rest) {
  rest = config::trimmed(rest);
  const auto end = std::min(rest.find(' '), rest.size());
  const auto taken = rest.substr(0, end);
  rest = config::trimmed(rest.substr(end));
  return taken;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

/// The header, line by line.
class Header {
 public:
  explicit Header(Query& query) : query_(query) {}

  /// @returns what is wrong with the line; empty if nothing
  std::string take(std::string_view line) {
    if (query_.title.empty()) {
      query_.title = config::trimmed(line);
      return query_.title.empty() ? "the first line must be the question" : "";
    }
    std::string_view rest = line;
    const auto keyword = word(rest);
    if (keyword == "parameter") return parameter(rest);
    if (keyword == "column") return column(rest);
    if (keyword == "example:") {
      query_.examples.emplace_back(rest);
      continued_ = nullptr;
      return {};
    }
    if (continued_ != nullptr && line.starts_with("  ")) {
      *continued_ += fmt::format(" {}", config::trimmed(line));
      return {};
    }
    const auto text = config::trimmed(line);
    if (continued_ != nullptr)
      return text.empty() ? "" : "a line of text behind the parameters and columns";
    if (!query_.purpose.empty() || !text.empty()) query_.purpose += fmt::format("{}\n", text);
    return {};
  }

 private:
  std::string parameter(std::string_view rest) {
    QueryParameter made;
    made.name = word(rest);
    const auto colon = rest.find(": ");
    if (!is_name(made.name) || colon == std::string_view::npos)
      return "not `parameter NAME TYPE [= SQL]: TEXT`";
    if (query_.find(made.name) != nullptr)
      return fmt::format("the parameter {} stands here twice", made.name);
    std::string_view type = rest.substr(0, colon);
    if (const auto equals = type.find('='); equals != std::string_view::npos) {
      made.fallback = config::trimmed(type.substr(equals + 1));
      if (made.fallback.empty()) return "a default without a value";
      type = type.substr(0, equals);
    }
    const auto* const known =
        std::ranges::find(kTypes, config::trimmed(type), &std::pair<std::string_view, Type>::first);
    if (known == kTypes.end())
      return fmt::format("a parameter cannot have the type {}", config::trimmed(type));
    made.type = known->second;
    made.text = config::trimmed(rest.substr(colon + 2));
    query_.parameters.push_back(std::move(made));
    continued_ = &query_.parameters.back().text;
    return {};
  }

  std::string column(std::string_view rest) {
    QueryColumn made;
    made.name = word(rest);
    const auto colon = rest.find(": ");
    if (!is_name(made.name) || colon == std::string_view::npos)
      return "not `column NAME TYPE [(UNIT)]: TEXT`";
    std::string_view type = config::trimmed(rest.substr(0, colon));
    if (const auto open = type.find('('); open != std::string_view::npos && type.ends_with(')')) {
      made.unit = type.substr(open + 1, type.size() - open - 2);
      type = config::trimmed(type.substr(0, open));
    }
    if (std::ranges::find(kColumnTypes, type) == kColumnTypes.end())
      return fmt::format("a column cannot have the type {}", type);
    made.type = type;
    made.text = config::trimmed(rest.substr(colon + 2));
    query_.columns.push_back(std::move(made));
    continued_ = &query_.columns.back().text;
    return {};
  }

  Query& query_;
  std::string* continued_ = nullptr;
};

/// Parameters that are used and not declared, or the reverse.
std::string check(const Query& query) {
  if (query.title.empty()) return "there is no header";
  if (query.columns.empty()) return "the header names no column";
  if (query.statement.empty()) return "there is no statement";
  std::vector<std::string_view> used;
  for (const Piece& piece : pieces_of(query.statement)) {
    if (!piece.parameter) continue;
    if (query.find(piece.text) == nullptr)
      return fmt::format("the header does not declare :{}", piece.text);
    used.push_back(piece.text);
  }
  for (const auto& parameter : query.parameters) {
    if (std::ranges::find(used, parameter.name) == used.end())
      return fmt::format("the statement does not use :{}", parameter.name);
  }
  return {};
}

/// The end of what begins at `at` and may hold a colon without being a parameter; `at` if nothing
/// does.
std::size_t quoted_end(std::string_view sql, std::size_t at) {
  const auto end_of = [&](std::string_view closing, std::size_t from) {
    const auto found = sql.find(closing, from);
    return found == std::string_view::npos ? sql.size() : found + closing.size();
  };
  const std::string_view rest = sql.substr(at);
  if (rest.starts_with("--")) return end_of("\n", at);
  if (rest.starts_with("/*")) return end_of("*/", at + 2);
  if (rest.front() == '\'' || rest.front() == '"') return end_of(rest.substr(0, 1), at + 1);
  if (rest.front() == '$') {
    const auto tag = rest.find('$', 1);
    if (tag != std::string_view::npos && (tag == 1 || is_name(rest.substr(1, tag - 1))))
      return end_of(rest.substr(0, tag + 1), at + tag + 1);
  }
  if (rest.starts_with("::")) return at + 2;
  return at;
}

}  // namespace

std::string_view to_string(Type type) {
  return std::ranges::find(kTypes, type, &std::pair<std::string_view, Type>::second)->first;
}

const QueryParameter* Query::find(std::string_view parameter) const {
  const auto found = std::ranges::find(parameters, parameter, &QueryParameter::name);
  return found == parameters.end() ? nullptr : &*found;
}

std::vector<Piece> pieces_of(std::string_view statement) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  std::size_t at = 0;
  const auto add = [&](bool parameter, std::size_t from, std::size_t to) {
    if (to > from) pieces.push_back({parameter, statement.substr(from, to - from)});
  };
  while (at < statement.size()) {
    if (const auto end = quoted_end(statement, at); end > at) {
      at = end;
      continue;
    }
    std::size_t end = at + 1;
    while (statement[at] == ':' && end < statement.size() &&
           is_name(statement.substr(at + 1, end - at)))
      ++end;
    if (end > at + 1) {
      add(false, begin, at);
      add(true, at + 1, end);
      begin = end;
    }
    at = end;
  }
  add(false, begin, at);
  return pieces;
}

Result<Query> parse_query(std::string_view name, std::string_view text) {
  Query query;
  query.name = name;
  Header header(query);
  std::size_t number = 0;
  const auto wrong = [&](const std::string& what) {
    return Error{Fault::stop, fmt::format("{}:{}: {}", name, number, what)};
  };
  while (text.starts_with("--")) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(2, end - 2);
    if (const auto what = header.take(line.starts_with(' ') ? line.substr(1) : line); !what.empty())
      return wrong(what);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  text = config::trimmed(text);
  if (text.ends_with(';')) text = config::trimmed(text.substr(0, text.size() - 1));
  query.purpose = config::trimmed(query.purpose);
  query.statement = text;
  if (const auto what = check(query); !what.empty()) return wrong(what);
  return query;
}

}  // namespace cdviz::queries
