// Reading one value: numbers, words, amounts.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "config/reader.h"
#include "config/units.h"

namespace cdviz::config {
namespace {

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

bool Reader::is_choice(const Slot& slot, const Value& value, const std::string& text) const {
  const auto& choices = slot.option().choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end())
    return true;
  std::vector<std::string_view> names{choices.begin(), choices.end()};
  const bool is_secret =
      slot.option().type == OptionType::secret || slot.option().type == OptionType::secret_list;
  const auto near = nearest(text, names);
  mistakes_->add(value.at, slot.path,
                 fmt::format("is {}; it must be one of {}{}", is_secret ? "another" : shown(text),
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

}  // namespace cdviz::config
