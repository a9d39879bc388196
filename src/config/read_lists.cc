// Reading values that hold others: lists and tables.
#include <algorithm>

#include <fmt/format.h>

#include "config/reader.h"
#include "config/toml.h"
#include "config/units.h"

namespace cdviz::config {

void Reader::read_text_or_table(const Slot& slot, const Value& value) const {
  if (value.members() != nullptr) {
    slot.cell.table = read(&value, value.at, slot.path, pointers(slot.option().fields));
    slot.cell.value = {};
  } else if (auto text = text_of(slot, value, "text in quotes or a table")) {
    take_text(slot, value, std::move(text->text));
  }
}

void Reader::read_secret_file(const Slot& slot, const Value& value, std::string_view text) const {
  Value lines{Value::Array{}, value.at, value.at};
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) {
      std::get<Value::Array>(lines.data)
          .push_back(Value{Value::Untyped{std::string{line}}, value.at, value.at});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (std::get<Value::Array>(lines.data).empty() && !is_lenient_) {
    mistakes_->add(value.at, slot.path, "names a file without a secret; write one in each line");
  }
  read_text_list(slot, lines);
}

Value Reader::as_array(const Slot& slot, const Value& value, const Text& text) const {
  const auto trimmed_text = trimmed(text.text);
  if (trimmed_text.substr(0, 1) == "[") {
    if (auto parsed = parse_toml_value(trimmed_text, value.at)) return *std::move(parsed);
  }
  Value array{Value::Array{}, value.at, value.at};
  // A secret may hold a comma.
  auto entries = slot.option().type == OptionType::secret_list ? std::vector{text.text}
                                                               : split_list(text.text);
  for (auto& entry : entries) {
    std::get<Value::Array>(array.data)
        .push_back(Value{Value::Untyped{std::move(entry)}, value.at, value.at});
  }
  return array;
}

void Reader::read_text_list(const Slot& slot, const Value& value) const {
  constexpr std::string_view kExpected = "an array of texts, for example [\"a\", \"b\"]";
  const bool is_secret = slot.option().type == OptionType::secret_list;
  Value source = value;
  if (std::get_if<Value::Array>(&source.data) == nullptr) {
    const auto text = text_of(slot, value, kExpected);
    if (!text) return;
    if (!text->is_untyped && !is_secret) return wrong(slot, value, kExpected);
    source = as_array(slot, value, *text);
  }
  std::vector<std::string> list;
  bool is_complete = true;
  std::size_t index = 0;
  for (const auto& entry : std::get<Value::Array>(source.data)) {
    const Slot place{slot.cell, fmt::format("{}[{}]", slot.path, index++)};
    auto text = text_of(place, entry, "text in quotes");
    if (text && text->text.find('\0') != std::string::npos) {
      mistakes_->add(entry.at, place.path, "holds a NUL character; take it out");
      text.reset();
    } else if (text && !is_secret && !is_utf8(text->text)) {
      mistakes_->add(entry.at, place.path, "is not UTF-8; convert it");
      text.reset();
    } else if (text && is_secret && text->text.empty() && !is_lenient_) {
      mistakes_->add(entry.at, place.path, "is empty; a secret must not be");
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
