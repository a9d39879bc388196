#include "config/options.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "config/table.h"

namespace cdviz::config {
namespace {

/// A getter that does not fit the table is a bug of the component, found by its first test.
[[noreturn]] void bug(const Table& table, std::string_view name, std::string_view what) {
  fmt::print(stderr, "config::Options: {}.{} {}\n", table.path, name, what);
  std::abort();
}

const Cell& cell(const Table& table, std::string_view name,
                 std::initializer_list<OptionType> types) {
  const auto* found = table.find(name);
  if (found == nullptr) bug(table, name, "is not in the option table");
  if (std::find(types.begin(), types.end(), found->option->type) == types.end()) {
    bug(table, name, "has another type in the option table");
  }
  return *found;
}

template <class T>
T value_or_empty(const Cell& cell) {
  const auto* value = std::get_if<T>(&cell.value);
  return value == nullptr ? T{} : *value;
}

bool any_problem(const Table& table) {
  if (table.has_problems) return true;
  for (const auto& one : table.cells) {
    if (one.table != nullptr && any_problem(*one.table)) return true;
    if (const auto* inner = std::get_if<Cell::TablePointer>(&one.value)) {
      if (any_problem(**inner)) return true;
    } else if (const auto* list = std::get_if<std::vector<Cell::TablePointer>>(&one.value)) {
      for (const auto& entry : *list) {
        if (any_problem(*entry)) return true;
      }
    } else if (const auto* map =
                   std::get_if<std::vector<std::pair<std::string, Cell::TablePointer>>>(
                       &one.value)) {
      for (const auto& entry : *map) {
        if (any_problem(*entry.second)) return true;
      }
    }
  }
  return false;
}

/// Each text with its length before it, so that no two different tables have the same fingerprint.
void append(std::string& out, std::string_view text) {
  fmt::format_to(std::back_inserter(out), "{}:{}", text.size(), text);
}

void append(std::string& out, const Table& table);

struct AppendValue {
  std::string& out;
  void operator()(std::monostate) const { out += '-'; }
  void operator()(const std::string& text) const { append(out, text); }
  void operator()(std::int64_t number) const { append(out, fmt::to_string(number)); }
  void operator()(bool value) const { append(out, value ? "true" : "false"); }
  void operator()(std::chrono::milliseconds value) const {
    append(out, fmt::to_string(value.count()));
  }
  void operator()(std::uint64_t value) const { append(out, fmt::to_string(value)); }
  void operator()(const std::vector<std::string>& list) const {
    out += fmt::format("[{}", list.size());
    for (const auto& text : list) append(out, text);
  }
  void operator()(const Cell::TablePointer& table) const { append(out, *table); }
  void operator()(const std::vector<Cell::TablePointer>& list) const {
    out += fmt::format("[{}", list.size());
    for (const auto& table : list) append(out, *table);
  }
  void operator()(const std::vector<std::pair<std::string, Cell::TablePointer>>& map) const {
    out += fmt::format("[{}", map.size());
    for (const auto& [name, table] : map) {
      append(out, name);
      append(out, *table);
    }
  }
  void operator()(const Cell::Json& json) const { append(out, json.text); }
};

void append(std::string& out, const Table& table) {
  out += '{';
  for (const auto& one : table.cells) {
    append(out, one.option->name);
    out += '=';
    std::visit(AppendValue{out}, one.value);
    if (one.table != nullptr) append(out, *one.table);
  }
  out += '}';
}

}  // namespace

Options::Options(std::shared_ptr<const Table> table) : table_(std::move(table)) {}

bool Options::given(std::string_view name) const {
  const auto* found = table_->find(name);
  if (found == nullptr) bug(*table_, name, "is not in the option table");
  return found->given;
}

std::string Options::text(std::string_view name) const {
  return value_or_empty<std::string>(
      cell(*table_, name, {OptionType::text, OptionType::secret, OptionType::text_or_table}));
}

std::int64_t Options::integer(std::string_view name) const {
  return value_or_empty<std::int64_t>(cell(*table_, name, {OptionType::integer}));
}

bool Options::boolean(std::string_view name) const {
  return value_or_empty<bool>(cell(*table_, name, {OptionType::boolean}));
}

std::chrono::milliseconds Options::duration(std::string_view name) const {
  return value_or_empty<std::chrono::milliseconds>(cell(*table_, name, {OptionType::duration}));
}

std::uint64_t Options::bytes(std::string_view name) const {
  return value_or_empty<std::uint64_t>(cell(*table_, name, {OptionType::bytes}));
}

std::vector<std::string> Options::text_list(std::string_view name) const {
  return value_or_empty<std::vector<std::string>>(
      cell(*table_, name, {OptionType::text_list, OptionType::secret_list}));
}

Options Options::table(std::string_view name) const {
  const auto& found = cell(*table_, name, {OptionType::table, OptionType::text_or_table});
  return Options{found.table != nullptr ? found.table : value_or_empty<Cell::TablePointer>(found)};
}

std::vector<Options> Options::table_list(std::string_view name) const {
  std::vector<Options> list;
  for (auto& table : value_or_empty<std::vector<Cell::TablePointer>>(
           cell(*table_, name, {OptionType::table_list}))) {
    list.emplace_back(std::move(table));
  }
  return list;
}

std::vector<std::pair<std::string, Options>> Options::table_map(std::string_view name) const {
  std::vector<std::pair<std::string, Options>> map;
  for (auto& [key, table] : value_or_empty<std::vector<std::pair<std::string, Cell::TablePointer>>>(
           cell(*table_, name, {OptionType::table_map}))) {
    map.emplace_back(key, Options{std::move(table)});
  }
  return map;
}

std::string Options::free_table(std::string_view name) const {
  const auto json = value_or_empty<Cell::Json>(cell(*table_, name, {OptionType::free_table}));
  return json.text.empty() ? "{}" : json.text;
}

void Options::problem(std::string_view name, std::string_view message) const {
  table_->has_problems = true;
  const auto* found = name.empty() ? nullptr : table_->find(name);
  if (!name.empty() && found == nullptr) bug(*table_, name, "is not in the option table");
  // What is wrong already would only be said twice, in other words.
  if (found != nullptr && found->is_wrong) return;
  table_->mistakes->add(found == nullptr ? table_->at : found->at,
                        name.empty() ? table_->path : join_path(table_->path, name),
                        std::string{message});
}

bool Options::has_problems() const { return any_problem(*table_); }

std::string Options::fingerprint() const {
  std::string out;
  append(out, *table_);
  return out;
}

}  // namespace cdviz::config
