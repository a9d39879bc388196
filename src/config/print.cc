#include "config/print.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "config/table.h"
#include "config/units.h"

namespace cdviz::config {
namespace {

constexpr std::string_view kBareKey =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
constexpr std::string_view kMasked = "***";

/// "scheme://user:password@host": the password is masked.
std::string without_password(std::string text) {
  const auto scheme = text.find("://");
  if (scheme == std::string::npos) return text;
  const auto begin = scheme + 3;
  const auto end = text.find_first_of("/?#", begin);
  const auto at = text.substr(0, end).rfind('@');
  const auto colon = text.find(':', begin);
  if (at == std::string::npos || at < begin || colon == std::string::npos || colon > at)
    return text;
  return text.replace(colon + 1, at - colon - 1, kMasked);
}

/// A TOML basic string (https://toml.io/en/v1.0.0#string).
std::string basic_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string dotted(const std::string& path, std::string_view name) {
  const bool is_bare = !name.empty() && name.find_first_not_of(kBareKey) == std::string_view::npos;
  return path + (path.empty() ? "" : ".") + (is_bare ? std::string{name} : basic_string(name));
}

std::string inline_toml(const boost::json::value& value) {
  if (const auto* object = value.if_object()) {
    std::string out = "{";
    for (const auto& member : *object) {
      out += fmt::format("{}{} = {}", out.size() == 1 ? " " : ", ", basic_string(member.key()),
                         inline_toml(member.value()));
    }
    return out + (object->empty() ? "}" : " }");
  }
  if (const auto* array = value.if_array()) {
    std::string out = "[";
    for (const auto& entry : *array) {
      if (out.size() > 1) out += ", ";
      out += inline_toml(entry);
    }
    return out + "]";
  }
  if (const auto* text = value.if_string()) return toml_string(*text);
  return boost::json::serialize(value);
}

/// A value that stands behind `key = `; empty for tables and for what is not set.
struct Inline {
  bool is_masked;

  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(const std::string& text) const {
    return toml_string(is_masked ? std::string{kMasked} : without_password(text));
  }
  std::string operator()(std::int64_t number) const { return fmt::to_string(number); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::chrono::milliseconds value) const {
    return toml_string(format_duration(value));
  }
  std::string operator()(std::uint64_t value) const { return toml_string(format_bytes(value)); }
  std::string operator()(const std::vector<std::string>& list) const {
    std::string out = "[";
    for (const auto& text : list) {
      if (out.size() > 1) out += ", ";
      out += (*this)(text);
    }
    return out + "]";
  }
  std::string operator()(const Cell::Json& json) const {
    return inline_toml(boost::json::parse(json.text));
  }
  template <class Tables>
  std::string operator()(const Tables&) const {
    return {};
  }
};

class Printer {
 public:
  /// @param path  the table's, as TOML writes it
  void table(const std::string& path, const Table& table, std::string_view brackets = "[]") {
    const auto half = brackets.size() / 2;
    out_ += fmt::format("\n{}{}{}\n", brackets.substr(0, half), path, brackets.substr(half));
    for (const auto& cell : table.cells) line(cell);
    tables_in(path, table);
  }

  /// @param path  the table's; empty: it is the whole file
  void tables_in(const std::string& path, const Table& table) {
    for (const auto& cell : table.cells) inner(dotted(path, cell.option->name), cell);
  }

  std::string take() && { return std::move(out_); }

 private:
  void line(const Cell& cell) {
    const auto type = cell.option->type;
    const bool is_masked =
        type == OptionType::secret || type == OptionType::secret_list || cell.from_file;
    const auto value = std::visit(Inline{is_masked}, cell.value);
    // A list that is not there is not the same as an empty one.
    const bool is_absent =
        !cell.given && cell.option->fallback.empty() && type != OptionType::boolean;
    if (value.empty() || is_absent) return;
    const auto origin = cell.given ? to_string(cell.at) : "default";
    const auto text = fmt::format("{} = {}", cell.option->name, value);
    out_ += fmt::format("{:<40}  # {}\n", text, one_line(origin));
  }

  void inner(const std::string& path, const Cell& cell) {
    if (cell.option->type == OptionType::text_or_table && cell.value.index() == 0 && cell.given) {
      table(path, *cell.table);
    } else if (const auto* one = std::get_if<Cell::TablePointer>(&cell.value)) {
      if (cell.given) table(path, **one);
    } else if (const auto* list = std::get_if<std::vector<Cell::TablePointer>>(&cell.value)) {
      for (const auto& entry : *list) table(path, *entry, "[[]]");
    } else if (const auto* map =
                   std::get_if<std::vector<std::pair<std::string, Cell::TablePointer>>>(
                       &cell.value)) {
      for (const auto& [name, entry] : *map) table(dotted(path, name), *entry);
    }
  }

  /// A file's name may hold anything, a comment may not.
  static std::string one_line(std::string text) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text;
  }

  std::string out_;
};

}  // namespace

std::string toml_string(std::string_view text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    escaped.append(text[i] == '$' && (next == '$' || next == '{') ? 2 : 1, text[i]);
  }
  return basic_string(escaped);
}

std::string print(const Config& config, const Catalogue& catalogue) {
  Printer printer;
  for (const auto& section : catalogue.sections) {
    printer.table(std::string{section.name}, config.section(section.name).values());
  }
  printer.tables_in("", config.top().values());
  for (const auto& source : config.sources()) {
    const auto path = dotted("sources", source.name);
    printer.table(path, source.common.values());
    printer.table(path + ".extractor", source.options.values());
  }
  for (const auto& sink : config.sinks()) {
    printer.table(dotted("sinks", sink.name), sink.options.values());
  }
  auto text = std::move(printer).take();
  return text.empty() ? text : text.substr(1);
}

}  // namespace cdviz::config
