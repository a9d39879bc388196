#include "config/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/layers.h"
#include "config/toml.h"
#include "config/units.h"

namespace cdviz::config {
namespace {

constexpr std::string_view kFileSuffix = "_file";

bool can_come_from_file(const Option& option) {
  return option.type == OptionType::text || option.type == OptionType::secret ||
         option.type == OptionType::secret_list;
}

}  // namespace

std::vector<const Option*> pointers(std::span<const Option> options) {
  std::vector<const Option*> out;
  out.reserve(options.size());
  for (const auto& option : options) out.push_back(&option);
  return out;
}

bool set_fallback(Cell& cell) {
  const auto& option = *cell.option;
  const auto text = option.fallback;
  const auto set = [&](auto parsed) {
    if (parsed) cell.value = *parsed;
    return parsed.has_value();
  };
  switch (option.type) {
    case OptionType::text:
    case OptionType::secret:
    case OptionType::text_or_table:
      if (!text.empty()) cell.value = std::string{text};
      return true;
    case OptionType::integer:
      return text.empty() || set(parse_integer(text));
    case OptionType::boolean:
      cell.value = text == "true";
      return text.empty() || text == "true" || text == "false";
    case OptionType::duration:
      return text.empty() || set(parse_duration(text));
    case OptionType::bytes:
      return text.empty() || set(parse_bytes(text));
    case OptionType::text_list:
    case OptionType::secret_list:
      cell.value = split_list(text);
      return true;
    case OptionType::table:
      return text.empty();
    case OptionType::table_list:
      cell.value = std::vector<Cell::TablePointer>{};
      return text.empty();
    case OptionType::table_map:
      cell.value = std::vector<std::pair<std::string, Cell::TablePointer>>{};
      return text.empty();
    case OptionType::free_table:
      cell.value = Cell::Json{"{}"};
      return text.empty();
  }
  return false;
}

Reader Reader::lenient() const {
  Reader other = *this;
  other.is_lenient_ = true;
  return other;
}

std::shared_ptr<const Table> Reader::read(const Value* value, const Origin& at, std::string path,
                                          const std::vector<const Option*>& options,
                                          const std::vector<std::string_view>& elsewhere) const {
  auto table = std::make_shared<Table>();
  table->path = std::move(path);
  table->at = value == nullptr ? at : value->at;
  table->mistakes = mistakes_;
  std::optional<Value> parsed;
  if (value != nullptr && value->members() == nullptr) {
    // From the environment a table comes as text.
    if (const auto* text = std::get_if<Value::Untyped>(&value->data)) {
      parsed = parse_toml_value(text->text, value->at);
      if (parsed && parsed->members() != nullptr) value = &*parsed;
    }
    if (value->members() == nullptr) {
      mistakes_->add(value->at, table->path,
                     fmt::format("is {}; it must be a table", describe(*value)));
      value = nullptr;
    }
  }
  if (value != nullptr) check_names(*value->members(), table->path, options, elsewhere);
  table->cells.reserve(options.size());
  for (const auto* option : options) {
    auto& cell = table->cells.emplace_back(Cell{option, table->at});
    read_cell({cell, join_path(table->path, option->name)}, value);
  }
  return table;
}

void Reader::check_names(const Value::Members& members, const std::string& path,
                         const std::vector<const Option*>& options,
                         const std::vector<std::string_view>& elsewhere) const {
  std::vector<std::string_view> names = elsewhere;
  for (const auto* option : options) names.push_back(option->name);
  for (const auto& [name, value] : members) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::string_view stem = name;
    const bool is_file = stem.size() > kFileSuffix.size() &&
                         stem.substr(stem.size() - kFileSuffix.size()) == kFileSuffix;
    if (is_file) stem.remove_suffix(kFileSuffix.size());
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const Option* one) { return one->name == stem; });
    std::string message = "is not a known key" + suggestion(name, names);
    if (is_file && option != options.end()) {
      if (can_come_from_file(**option)) continue;
      message = fmt::format("is not a known key: only text comes from a file; set \"{}\"", stem);
    } else if (const auto near = nearest(stem, names); is_file && !near.empty()) {
      message = fmt::format("is not a known key; did you mean \"{}{}\"?", near, kFileSuffix);
    }
    mistakes_->add(value.key_at, join_path(path, name), std::move(message));
  }
}

void Reader::read_cell(const Slot& slot, const Value* members) const {
  const auto before = mistakes_->count();
  read_given(slot, members);
  slot.cell.is_wrong = mistakes_->count() != before;
}

void Reader::read_given(const Slot& slot, const Value* members) const {
  set_fallback(slot.cell);
  const auto& option = slot.option();
  const Value* value = members == nullptr ? nullptr : members->find(option.name);
  const Value* file = nullptr;
  if (members != nullptr && can_come_from_file(option)) {
    file = members->find(std::string{option.name} + std::string{kFileSuffix});
    if (file != nullptr && value != nullptr) {
      if (file->at.layer == value->at.layer) {
        mistakes_->add(file->key_at, slot.path + std::string{kFileSuffix},
                       fmt::format("and {} are both given; keep one", option.name));
        slot.cell.given = true;
        return;
      }
      // As everywhere, the later layer wins.
      (file->at.layer > value->at.layer ? value : file) = nullptr;
    }
  }
  if (const auto* used = value != nullptr ? value : file) {
    slot.cell.at = used->at;
    slot.cell.given = true;
    slot.cell.from_file = used == file;
  }
  if (file != nullptr) {
    read_file({slot.cell, slot.path + std::string{kFileSuffix}}, *file);
  } else if (value != nullptr) {
    read_value(slot, *value);
  } else if (option.required && !is_lenient_) {
    mistakes_->add(slot.cell.at, slot.path,
                   option.example.empty()
                       ? "is required"
                       : fmt::format("is required, for example {}", shown(option.example)));
  }
  const auto defaults = [&] {
    return lenient().read(nullptr, slot.cell.at, slot.path, pointers(option.fields));
  };
  if (option.type == OptionType::table && slot.cell.value.index() == 0)
    slot.cell.value = defaults();
  if (option.type == OptionType::text_or_table && !slot.cell.table) slot.cell.table = defaults();
}

void Reader::read_value(const Slot& slot, const Value& value) const {
  switch (slot.option().type) {
    case OptionType::text:
    case OptionType::secret:
      if (auto text = text_of(slot, value, "text in quotes")) {
        take_text(slot, value, std::move(text->text));
      }
      return;
    case OptionType::integer:
      return read_integer(slot, value);
    case OptionType::boolean:
      return read_boolean(slot, value);
    case OptionType::duration:
    case OptionType::bytes:
      return read_amount(slot, value);
    case OptionType::text_list:
    case OptionType::secret_list:
      return read_text_list(slot, value);
    case OptionType::text_or_table:
      return read_text_or_table(slot, value);
    case OptionType::table:
      slot.cell.value = read(&value, value.at, slot.path, pointers(slot.option().fields));
      return;
    case OptionType::table_list:
    case OptionType::table_map:
      return read_tables(slot, value);
    case OptionType::free_table:
      return read_free_table(slot, value);
  }
}

void Reader::wrong(const Slot& slot, const Value& value, std::string_view expected) const {
  mistakes_->add(value.at, slot.path,
                 fmt::format("is {}; it must be {}", describe(value), expected));
}

std::optional<Reader::Text> Reader::text_of(const Slot& slot, const Value& value,
                                            std::string_view expected) const {
  if (const auto* untyped = std::get_if<Value::Untyped>(&value.data)) {
    return Text{untyped->text, true};
  }
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) {
    wrong(slot, value, expected);
    return std::nullopt;
  }
  auto out = interpolate(*text, environment_);
  if (!out.error.empty()) {
    if (!(is_lenient_ && out.has_variables)) mistakes_->add(value.at, slot.path, out.error);
    return std::nullopt;
  }
  return Text{std::move(out.text), out.has_variables};
}

void Reader::take_text(const Slot& slot, const Value& value, std::string text) const {
  if (text.find('\0') != std::string::npos) {
    mistakes_->add(value.at, slot.path, "holds a NUL character; take it out");
    return;
  }
  if (slot.option().type != OptionType::secret && !is_utf8(text)) {
    mistakes_->add(value.at, slot.path, "is not UTF-8; convert it");
    return;
  }
  if (slot.option().type == OptionType::secret && text.empty() && !is_lenient_) {
    mistakes_->add(value.at, slot.path, "is empty; a secret must not be");
    return;
  }
  if (is_choice(slot, value, text)) slot.cell.value = std::move(text);
}

void Reader::read_file(const Slot& slot, const Value& value) const {
  auto path = text_of(slot, value, "the path of a file, in quotes");
  if (!path) return;
  std::string error;
  auto text = path->text.find('\0') != std::string::npos
                  ? std::nullopt
                  : read_text_file(path->text, kValueFileBytes, error);
  if (!text) {
    if (is_lenient_) return;
    mistakes_->add(value.at, slot.path,
                   fmt::format("names {}, which {}", shown(path->text), error));
    return;
  }
  if (slot.option().type == OptionType::secret_list) return read_secret_file(slot, value, *text);
  // Editors and echo end a file with a newline that is not meant.
  if (!text->empty() && text->back() == '\n') text->pop_back();
  if (!text->empty() && text->back() == '\r') text->pop_back();
  take_text(slot, value, *std::move(text));
}

}  // namespace cdviz::config
