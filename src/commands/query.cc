// `cdviz-collector query`: one question of the library (database/queries) to the database.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/database_access.h"
#include "commands/output.h"
#include "commands/print.h"
#include "commands/query_output.h"
#include "config/mistakes.h"
#include "core/clock.h"
#include "queries/library.h"
#include "queries/statement.h"

namespace cdviz::commands {
namespace {

using queries::Query;
using queries::QueryColumn;

constexpr std::size_t kLineWidth = 100;

struct Flags {
  const Query* query = nullptr;
  std::map<std::string, std::vector<std::string>> given;  ///< by parameter, also what is empty
  std::vector<CLI::Option*> options;                      ///< in the order of the parameters
  std::string columns;
  std::string format = "table";
  bool sql = false;
  std::shared_ptr<DatabaseFlags> database;
};

/// --b-at for b_at.
std::string flag_name(std::string name) {
  std::ranges::replace(name, '_', '-');
  return "--" + name;
}

queries::Given given_of(const Flags& flags) {
  queries::Given given;
  for (std::size_t i = 0; i < flags.options.size(); ++i) {
    if (flags.options[i]->count() == 0) continue;
    const auto& name = flags.query->parameters[i].name;
    given[name] = flags.given.at(name);
  }
  return given;
}

/// Columns that --columns names, in its order; all without it.
/// @returns nothing after it complained
std::optional<std::vector<std::size_t>> chosen(const Flags& flags) {
  const auto& columns = flags.query->columns;
  std::vector<std::size_t> places;
  std::vector<std::string_view> names;
  names.reserve(columns.size());
  for (const auto& column : columns) names.emplace_back(column.name);
  if (flags.columns.empty()) {
    for (std::size_t i = 0; i < columns.size(); ++i) places.push_back(i);
    return places;
  }
  for (const auto& name : CLI::detail::split(flags.columns, ',')) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      complain(kExitWrongUsage, fmt::format("--columns: {} has no column {}{}", flags.query->name,
                                            config::shown(name), config::suggestion(name, names)));
      return std::nullopt;
    }
    places.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  return places;
}

Answer answer_of(const Query& query, const postgres::Rows& rows,
                 const std::vector<std::size_t>& places) {
  Answer answer;
  for (const auto place : places) answer.columns.push_back(query.columns[place]);
  answer.rows.resize(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const auto place : places)
      answer.rows[row].push_back(rows.is_null(row, place)
                                     ? std::nullopt
                                     : std::optional<std::string>(rows.text(row, place)));
  }
  return answer;
}

/// Columns of the terminal; 0 when the output goes elsewhere.
std::size_t terminal_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

std::string print_of(const Answer& answer, const std::string& format) {
  if (format == "csv") return as_csv(answer);
  if (format == "json") return as_json(answer);
  if (format == "list") return as_list(answer);
  auto table = as_table(answer);
  const auto width = terminal_width();
  return width > 0 && width_of(table) > width ? as_list(answer) : table;
}

std::string advice(const Error& error) {
  if (error.code == "3F000" || error.code == "42P01" || error.code == "42883" ||
      error.code == "42703")
    return "; does the database have this program's schema? `cdviz-collector migrate` brings it";
  if (error.code == "42501") return "; readers are made by `cdviz-collector grant-reader NAME`";
  return "";
}

int run(const Flags& flags) {
  const auto& query = *flags.query;
  const auto now = SystemClock().wall();
  const auto places = chosen(flags);
  if (!places) return kExitWrongUsage;
  if (flags.sql) {
    const auto text = queries::readable(query, given_of(flags), now);
    if (!text) return complain(kExitWrongUsage, text.error().message);
    print("{};\n", *text);
    return 0;
  }
  const auto statement = queries::statement_of(query, given_of(flags), now);
  if (!statement) return complain(kExitWrongUsage, statement.error().message);
  int exit_code = 0;
  auto connection =
      open_database(*flags.database, Login::reader, {.url = {}, .read_write = false}, exit_code);
  if (!connection) return exit_code;
  // Compiling such a statement takes longer than running it.
  if (const auto set = connection->execute("set jit = off; set default_transaction_read_only = on");
      !set)
    return complain(kExitNothing, set.error().message);
  std::vector<postgres::Parameter> parameters;
  for (const auto& value : statement->values)
    parameters.push_back(postgres::Parameter::inferred(value));
  const auto rows = connection->execute(statement->sql, parameters);
  if (!rows) return complain(kExitNothing, rows.error().message + advice(rows.error()));
  if (rows->columns() != query.columns.size())
    return complain(kExitNothing, query.name + ": not the columns that it declares");
  const auto answer = answer_of(query, *rows, *places);
  print("{}", print_of(answer, flags.format));
  if (answer.rows.empty()) complain(0, "no rows");
  return 0;
}

/// "name  type, unit  text", wrapped.
std::string column_line(const QueryColumn& column) {
  std::string line = fmt::format("  {:<24}  {}{}: ", column.name, column.type,
                                 column.unit.empty() ? "" : ", " + column.unit);
  std::size_t width = line.size();
  std::string_view rest = column.text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    if (width + end > kLineWidth) {
      line += "\n" + std::string(28, ' ');
      width = 28;
    }
    line += fmt::format("{} ", rest.substr(0, end));
    width += end + 1;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string footer_of(const Query& query) {
  std::string text = query.purpose + "\n\nColumns:\n";
  for (const auto& column : query.columns) text += column_line(column);
  text += "\nExamples:\n";
  for (const auto& example : query.examples) text += "  " + example + "\n";
  return text;
}

/// What is left over on the command line. @returns an exit code, 0 if nothing is
int unknown_flags(const Query& query, const CLI::App& verb) {
  for (const auto& word : verb.remaining()) {
    std::vector<std::string> names;
    for (const auto* option : verb.get_options())
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    const std::vector<std::string_view> known(names.begin(), names.end());
    const auto near = config::nearest(word.substr(0, word.find('=')), known);
    return complain(kExitWrongUsage,
                    fmt::format("{} does not take {}{}", query.name, config::shown(word),
                                near.empty() ? fmt::format("; see query {} --help", query.name)
                                             : fmt::format("; did you mean {}?", near)));
  }
  return 0;
}

/// Where the database is: as told behind the question, else before it.
DatabaseFlags merged(const DatabaseFlags& behind, const DatabaseFlags& before) {
  auto flags = behind;
  if (flags.url.empty() && flags.url_file.empty() && flags.data_dir.empty() &&
      flags.config->files.empty() && flags.config->settings.empty())
    flags = before;
  return flags;
}

void add_one(CLI::App& parent, const Query& query,
             const std::shared_ptr<DatabaseFlags>& database_before, int& exit_code) {
  auto* const verb = parent.add_subcommand(query.name, query.title);
  auto flags = std::make_shared<Flags>();
  flags->query = &query;
  for (const auto& parameter : query.parameters) {
    auto* const option =
        verb->add_option(flag_name(parameter.name), flags->given[parameter.name], parameter.text)
            ->allow_extra_args(false)
            ->group("Parameters")
            ->type_name(std::string(to_string(parameter.type)) +
                        (parameter.required() ? ", required" : " = " + parameter.fallback));
    flags->options.push_back(option);
  }
  verb->add_option("--columns", flags->columns, "Only these columns, in this order: a,b,c")
      ->type_name("NAMES");
  verb->add_option("--format", flags->format,
                   "table; list (a line for each value; a table that is wider than the terminal "
                   "becomes one); csv; json (one object a line)")
      ->check(CLI::IsMember({"table", "list", "csv", "json"}))
      ->capture_default_str();
  verb->add_flag("--sql", flags->sql, "Only print the SQL, ready for psql");
  flags->database = add_database_flags(*verb);
  verb->footer(footer_of(query));
  verb->allow_extras();
  verb->callback([flags, verb, database_before, &exit_code] {
    *flags->database = merged(*flags->database, *database_before);
    exit_code = unknown_flags(*flags->query, *verb);
    if (exit_code == 0) exit_code = run(*flags);
  });
}

void list() {
  std::size_t width = 0;
  for (const auto& query : queries::library()) width = std::max(width, query.name.size());
  for (const auto& query : queries::library())
    print("{:<{}}  {}\n", query.name, width, query.title);
}

}  // namespace

void add_query(CLI::App& app, int& exit_code) {
  auto* const verb = app.add_subcommand("query", "Asks the database a question of the library");
  verb->footer(
      "Examples:\n"
      "  cdviz-collector query state --environment prod-eu --columns service_id,version,since\n"
      "  cdviz-collector query state --at 2026-01-31T12:00:00Z --format json\n"
      "  cdviz-collector query compare --a staging --b prod-eu\n"
      "  cdviz-collector query delivery --from 90d --sql\n\n"
      "A moment is `now`, `now-7d`, `7d` (that long ago), a date, or a date-time of RFC 3339.\n"
      "A parameter of type text[] may be given more than once.\n"
      "Exit codes: 0 done (also without rows), 1 failed, 64 usage, 78 configuration.");
  auto listing = std::make_shared<bool>(false);
  verb->add_flag("--list", *listing, "Only list the questions");
  // Before the name of the question as well as behind it; --list needs none of them.
  const auto database = add_database_flags(*verb);
  for (const auto& query : queries::library()) add_one(*verb, query, database, exit_code);
  verb->allow_extras();
  verb->callback([verb, listing, database, &exit_code] {
    if (!verb->get_subcommands().empty()) return;
    const auto unknown = verb->remaining();
    if (*listing && unknown.empty()) {
      list();
    } else if (unknown.empty()) {
      exit_code = complain(kExitWrongUsage, "which question? `query --list` lists them");
    } else {
      exit_code = complain(kExitWrongUsage,
                           fmt::format("there is no question {}{}", config::shown(unknown.front()),
                                       queries::suggestion(unknown.front())));
    }
  });
}

}  // namespace cdviz::commands
