#include "config/reader.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "config/layers.h"
#include "config/toml.h"
#include "config/units.h"

namespace cdviz::config {
namespace {

constexpr std::string_view kFileSuffix = "_file";

bool can_come_from_file(const Option& option) {
  return option.type == OptionType::text || option.type == OptionType::secret;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = trimmed(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (const auto entry = trimmed(text.substr(0, comma)); !entry.empty()) list.emplace_back(entry);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return list;
}

std::string bound(const Option& option, std::int64_t number) {
  if (option.type == OptionType::duration)
    return format_duration(std::chrono::milliseconds{number});
  if (option.type == OptionType::bytes) return format_bytes(static_cast<std::uint64_t>(number));
  return fmt::to_string(number);
}

std::string range(const Option& option) {
  const bool has_min = option.min != std::numeric_limits<std::int64_t>::min();
  const bool has_max = option.max != std::numeric_limits<std::int64_t>::max();
  if (has_min && has_max) {
    return fmt::format("must be between {} and {}", bound(option, option.min),
                       bound(option, option.max));
  }
  if (has_min) return fmt::format("must be at least {}", bound(option, option.min));
  return fmt::format("must be at most {}", bound(option, option.max));
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
  if (option.type == OptionType::table && slot.cell.value.index() == 0) {
    slot.cell.value = lenient().read(nullptr, slot.cell.at, slot.path, pointers(option.fields));
  }
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
      return read_text_list(slot, value);
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
  // Editors and echo end a file with a newline that is not meant.
  if (!text->empty() && text->back() == '\n') text->pop_back();
  if (!text->empty() && text->back() == '\r') text->pop_back();
  take_text(slot, value, *std::move(text));
}

bool Reader::is_choice(const Slot& slot, const Value& value, const std::string& text) const {
  const auto& choices = slot.option().choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end())
    return true;
  std::vector<std::string_view> names{choices.begin(), choices.end()};
  const auto near = nearest(text, names);
  mistakes_->add(value.at, slot.path,
                 fmt::format("is {}; it must be one of {}{}",
                             slot.option().type == OptionType::secret ? "another" : shown(text),
                             fmt::join(names, ", "),
                             near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  return false;
}

bool Reader::in_range(const Slot& slot, const Value& value, std::int64_t number) const {
  if (number >= slot.option().min && number <= slot.option().max) return true;
  mistakes_->add(value.at, slot.path,
                 fmt::format("is {}; it {}", bound(slot.option(), number), range(slot.option())));
  return false;
}

void Reader::read_integer(const Slot& slot, const Value& value) const {
  constexpr std::string_view kExpected = "a whole number, without quotes";
  std::optional<std::int64_t> number;
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) {
    number = *integer;
  } else {
    const auto text = text_of(slot, value, kExpected);
    if (!text) return;
    if (!text->is_untyped) return wrong(slot, value, kExpected);
    number = parse_integer(text->text);
    if (!number) {
      mistakes_->add(value.at, slot.path,
                     fmt::format("is {}; it must be a whole number", shown(text->text)));
      return;
    }
  }
  if (in_range(slot, value, *number)) slot.cell.value = *number;
}

void Reader::read_boolean(const Slot& slot, const Value& value) const {
  constexpr std::string_view kExpected = "true or false, without quotes";
  if (const auto* boolean = std::get_if<bool>(&value.data)) {
    slot.cell.value = *boolean;
    return;
  }
  const auto text = text_of(slot, value, kExpected);
  if (!text) return;
  if (!text->is_untyped) return wrong(slot, value, kExpected);
  const auto word = trimmed(text->text);
  if (word == "true" || word == "false") {
    slot.cell.value = word == "true";
  } else {
    mistakes_->add(value.at, slot.path,
                   fmt::format("is {}; it must be true or false", shown(text->text)));
  }
}

void Reader::read_amount(const Slot& slot, const Value& value) const {
  const bool is_duration = slot.option().type == OptionType::duration;
  const std::string_view units =
      is_duration ? "ms, s, m, h or d" : "B, KiB, MiB, GiB, kB, MB or GB";
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) {
    mistakes_->add(value.at, slot.path,
                   fmt::format("needs a unit ({}); write for example \"{}{}\"", units, *number,
                               is_duration ? "s" : "MiB"));
    return;
  }
  const auto text = text_of(slot, value,
                            is_duration ? "a duration in quotes, for example \"10s\""
                                        : "a size in quotes, for example \"64MiB\"");
  if (!text) return;
  if (is_duration) {
    const auto duration = parse_duration(trimmed(text->text));
    if (duration) {
      if (in_range(slot, value, duration->count())) slot.cell.value = *duration;
      return;
    }
  } else if (const auto bytes = parse_bytes(trimmed(text->text))) {
    if (in_range(slot, value, static_cast<std::int64_t>(*bytes))) slot.cell.value = *bytes;
    return;
  }
  mistakes_->add(value.at, slot.path,
                 fmt::format("is {}; it must be a whole number with a unit ({}), for example {}",
                             shown(text->text), units, is_duration ? "\"10s\"" : "\"64MiB\""));
}

void Reader::read_text_list(const Slot& slot, const Value& value) const {
  constexpr std::string_view kExpected = "an array of texts, for example [\"a\", \"b\"]";
  std::optional<Value> parsed;
  const Value* source = &value;
  if (std::get_if<Value::Array>(&value.data) == nullptr) {
    const auto text = text_of(slot, value, kExpected);
    if (!text) return;
    if (!text->is_untyped) return wrong(slot, value, kExpected);
    if (trimmed(text->text).substr(0, 1) == "[")
      parsed = parse_toml_value(trimmed(text->text), value.at);
    if (!parsed) {
      parsed = Value{Value::Array{}, value.at, value.at};
      for (auto& entry : split_list(text->text)) {
        std::get<Value::Array>(parsed->data)
            .push_back(Value{Value::Untyped{std::move(entry)}, value.at, value.at});
      }
    }
    source = &*parsed;
  }
  std::vector<std::string> list;
  bool is_complete = true;
  std::size_t index = 0;
  for (const auto& entry : std::get<Value::Array>(source->data)) {
    const Slot place{slot.cell, fmt::format("{}[{}]", slot.path, index++)};
    auto text = text_of(place, entry, "text in quotes");
    if (text && text->text.find('\0') != std::string::npos) {
      mistakes_->add(entry.at, place.path, "holds a NUL character; take it out");
      text.reset();
    }
    is_complete = is_complete && text && is_choice(place, entry, text->text);
    if (text) list.push_back(std::move(text->text));
  }
  if (is_complete) slot.cell.value = std::move(list);
}

void Reader::read_tables(const Slot& slot, const Value& value) const {
  const bool is_map = slot.option().type == OptionType::table_map;
  std::optional<Value> parsed;
  const Value* source = &value;
  if (const auto* untyped = std::get_if<Value::Untyped>(&value.data)) {
    parsed = parse_toml_value(untyped->text, value.at);
    if (parsed) source = &*parsed;
  }
  const auto options = pointers(slot.option().fields);
  if (const auto* members = source->members(); is_map && members != nullptr) {
    std::vector<std::pair<std::string, Cell::TablePointer>> map;
    for (const auto& [name, entry] : *members) {
      map.emplace_back(name, read(&entry, entry.at, join_path(slot.path, name), options));
    }
    slot.cell.value = std::move(map);
  } else if (const auto* array = std::get_if<Value::Array>(&source->data); !is_map && array) {
    std::vector<Cell::TablePointer> list;
    for (const auto& entry : *array) {
      list.push_back(
          read(&entry, entry.at, fmt::format("{}[{}]", slot.path, list.size()), options));
    }
    slot.cell.value = std::move(list);
  } else {
    wrong(slot, value, is_map ? "a table of tables" : "an array of tables");
  }
}

void Reader::read_free_table(const Slot& slot, const Value& value) const {
  std::optional<Value> parsed;
  const Value* source = &value;
  if (const auto* untyped = std::get_if<Value::Untyped>(&value.data)) {
    parsed = parse_toml_value(untyped->text, value.at);
    if (parsed) source = &*parsed;
  }
  if (source->members() == nullptr) return wrong(slot, value, "a table");
  std::string error;
  if (auto json = to_json(*source, environment_, is_lenient_, error)) {
    slot.cell.value = Cell::Json{*std::move(json)};
  } else {
    mistakes_->add(value.at, slot.path, error);
  }
}

}  // namespace cdviz::config
